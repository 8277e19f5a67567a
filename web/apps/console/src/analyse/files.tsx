import { Button, NumberInput, Progress, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconFileSearch, IconMovie } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useRef, useState } from 'react';

import type { AnalysisJob } from '../api/analysis_types.ts';
import { request, uploadForm } from '../api/http.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { analyseText } from '../text/analyse.ts';
import { text } from '../text/everywhere.ts';
import styles from './analyse.module.css';
import { filesOf, isAnalysable } from './dropped_files.ts';
import { JobRow } from './job_row.tsx';

/** Not an attribute of any standard, and understood by every browser. */
const FOLDERS = { webkitdirectory: '' };
const MOST_FILES = 500;
const BUSY_POLL_MS = 1_000;
const IDLE_POLL_MS = 15_000;

/** Files to be analysed: sending them, and what became of those sent before. */
export function Files(): ReactElement {
  const [fps, setFps] = useState(5);
  const [annotate, setAnnotate] = useState(true);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<{ count: number; share: number } | null>(null);
  const cancel = useRef<AbortController | null>(null);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const queries = useQueryClient();
  const jobs = useQuery({
    queryKey: ['analyses'],
    queryFn: ({ signal }) => request<AnalysisJob[]>('/api/analyses', { signal }),
    refetchInterval: ({ state }) => (state.data?.some(({ state: at }) => at === 'queued' || at === 'running') ? BUSY_POLL_MS : IDLE_POLL_MS),
  });
  const send = useMutation({
    mutationFn: (chosen: readonly File[]) => {
      const form = new FormData();
      for (const file of chosen) form.append('files', file, file.name);
      form.append('fps', String(fps));
      form.append('annotate', String(annotate));
      const control = new AbortController();
      cancel.current = control;
      setSending({ count: chosen.length, share: 0 });
      const told = (share: number): void => {
        setSending({ count: chosen.length, share });
      };
      return uploadForm<AnalysisJob>('/api/analyses', form, told, control.signal);
    },
    onError: (error) => {
      if (!(error instanceof DOMException)) notifyFailed(error);
    },
    onSettled: async () => {
      setSending(null);
      await queries.invalidateQueries({ queryKey: ['analyses'] });
    },
  });
  const take = (chosen: readonly File[]): void => {
    if (chosen.length === 0) notifyFailed(analyseText.nothing);
    else if (chosen.length > MOST_FILES) notifyFailed(analyseText.tooMany(chosen.length));
    else if (!send.isPending) send.mutate(chosen);
  };
  const chosen = (input: HTMLInputElement): void => {
    const list = [...(input.files ?? [])].filter(isAnalysable);
    // The same file chosen again is a change again.
    input.value = '';
    take(list);
  };
  return (
    <div className={styles.page}>
      <div
        className={styles.area}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => {
          setOver(false);
        }}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          filesOf(event.dataTransfer).then(take, notifyFailed);
        }}
      >
        <IconMovie size={34} stroke={1.3} aria-hidden />
        <b>{over ? analyseText.dropNow : analyseText.drop}</b>
        <span>{analyseText.lead}</span>
        {sending === null ? (
          <div className={styles.buttons}>
            <Button variant="default" onClick={() => files.current?.click()}>
              {analyseText.files}
            </Button>
            <Button variant="default" onClick={() => folder.current?.click()}>
              {analyseText.folder}
            </Button>
          </div>
        ) : (
          <div className={styles.sending} role="status">
            <span>{analyseText.sending(sending.count)}</span>
            <Progress value={sending.share * 100} aria-label={analyseText.sending(sending.count)} />
            <Button size="xs" variant="default" onClick={() => cancel.current?.abort()}>
              {text.actions.cancel}
            </Button>
          </div>
        )}
        <input ref={files} type="file" hidden multiple accept="image/*,video/*" aria-label={analyseText.files} onChange={(event) => {
          chosen(event.currentTarget);
        }} />
        <input ref={folder} type="file" hidden multiple {...FOLDERS} aria-label={analyseText.folder} onChange={(event) => {
          chosen(event.currentTarget);
        }} />
      </div>
      <div className={styles.options}>
        <NumberInput label={analyseText.fps} w={240} min={0.1} max={30} value={fps} onChange={(value) => {
          if (typeof value === 'number' && value > 0) setFps(value);
        }} />
        <Switch label={analyseText.annotate} checked={annotate} onChange={(event) => {
          setAnnotate(event.currentTarget.checked);
        }} />
      </div>
      <section className={styles.jobs} aria-labelledby="jobs-title">
        <h2 id="jobs-title">{analyseText.jobs}</h2>
        {jobs.error !== null && jobs.data === undefined ? (
          <Failed error={jobs.error} onRetry={jobs.refetch} />
        ) : jobs.data === undefined ? (
          <LoadingRows label={analyseText.jobs} rows={2} />
        ) : jobs.data.length === 0 ? (
          <Empty icon={<IconFileSearch size={30} stroke={1.4} />} title={analyseText.empty}>
            {analyseText.emptyHint}
          </Empty>
        ) : (
          <ul className={styles.rows}>
            {jobs.data.map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}
