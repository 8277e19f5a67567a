import { ActionIcon, Button, Progress } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDownload, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import type { AnalysisJob } from '../api/analysis_types.ts';
import { request } from '../api/http.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyFailed } from '../feedback/notify.ts';
import { analyseText } from '../text/analyse.ts';
import { text } from '../text/everywhere.ts';
import { Clock } from '../times/time.tsx';
import { AnnotatedFiles } from './annotated_files.tsx';
import styles from './analyse.module.css';
import { saveFrom } from './save_file.ts';

/** One analysis: how far it is, and what came of it. */
export function JobRow({ job }: { job: AnalysisJob }): ReactElement {
  const [asking, setAsking] = useState(false);
  const [showing, setShowing] = useState(false);
  const queries = useQueryClient();
  const url = `/api/analyses/${encodeURIComponent(job.id)}`;
  const reread = (): Promise<void> => queries.invalidateQueries({ queryKey: ['analyses'] });
  const cancel = useMutation({ mutationFn: () => request(`${url}/cancel`, { method: 'POST' }), onError: notifyFailed, onSettled: reread });
  const remove = useMutation({ mutationFn: () => request(url, { method: 'DELETE' }), onError: notifyFailed, onSettled: reread });
  const name = analyseText.jobName(job.files[0]?.name ?? '', job.files.length);
  const busy = job.state === 'queued' || job.state === 'running';
  return (
    <li className={styles.job} data-testid="analysis" data-state={job.state}>
      <div className={styles.jobHead}>
        <div className={styles.words}>
          <b>{name}</b>
          <span>
            {analyseText.states[job.state] ?? job.state}
            {job.state === 'running' ? ` · ${analyseText.progress(job.file, job.files.length, job.frames)}` : ''}
            {job.state === 'done' ? ` · ${analyseText.looked(job.frames)}` : ''}
            {job.reason === '' ? '' : `: ${job.reason}`}
          </span>
          {job.forgotten_at === null ? null : (
            <span className={styles.faint}>
              {analyseText.kept} <Clock at={job.forgotten_at} />
            </span>
          )}
        </div>
        <div className={styles.acts}>
          {busy ? (
            <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => {
              cancel.mutate();
            }}>
              {text.actions.cancel}
            </Button>
          ) : null}
          {job.state === 'done' ? (
            <>
              {job.annotate ? (
                <Button size="xs" variant="default" aria-expanded={showing} onClick={() => {
                  setShowing(!showing);
                }}>
                  {showing ? analyseText.hide : analyseText.show}
                </Button>
              ) : null}
              {(['json', 'csv'] as const).map((kind) => (
                <Button
                  key={kind}
                  size="xs"
                  variant="default"
                  leftSection={<IconDownload size={15} />}
                  aria-label={analyseText.download(kind.toUpperCase(), name)}
                  onClick={() => {
                    saveFrom(`${url}/result.${kind}`, `analysis-${job.id}.${kind}`).catch(notifyFailed);
                  }}
                >
                  {kind.toUpperCase()}
                </Button>
              ))}
            </>
          ) : null}
          <ActionIcon variant="subtle" color="gray" size={34} aria-label={analyseText.remove(name)} onClick={() => {
            setAsking(true);
          }}>
            <IconTrash size={17} />
          </ActionIcon>
        </div>
      </div>
      {busy ? <Progress value={job.progress * 100} aria-label={name} animated={job.state === 'running'} /> : null}
      {showing && job.state === 'done' ? <AnnotatedFiles job={job} /> : null}
      {asking ? (
        <Confirm
          title={analyseText.removeTitle}
          body={analyseText.removeBody}
          action={text.actions.delete}
          busy={remove.isPending}
          onConfirm={() => {
            remove.mutate();
          }}
          onClose={() => {
            setAsking(false);
          }}
        />
      ) : null}
    </li>
  );
}
