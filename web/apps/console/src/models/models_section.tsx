import '@mantine/core/styles/Progress.css';

import { Button, Group, Modal, Progress, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { ModelState } from '../api/types.ts';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Failed, LoadingRows } from '../feedback/states.tsx';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { modelsText } from '../text/models.ts';
import { systemText } from '../text/system.ts';
import styles from './models.module.css';

type Choice = 'face_model' | 'embedding_model' | 'object_model' | 'liveness_model';

interface Models {
  chosen: Partial<Record<Choice, string>>;
  /** Which were chosen here, and not by the settings. */
  overruled: Choice[];
  in_use: ModelState[];
  embedding: {
    chosen: string;
    serving: string;
    changing: boolean;
    problem: string;
    references: number | null;
    done: number | null;
    failed: number | null;
    /** Faces that were said not to be somebody. */
    rejections: Embedded | null;
    /** The past, once the embedder serves. */
    sightings: Embedded | null;
  };
}

/** Of `total`, `done` were embedded by the embedder that is to serve, and `failed` cannot be. */
interface Embedded {
  total: number;
  done: number;
  failed: number;
}

const CHOICES: readonly Choice[] = ['face_model', 'embedding_model', 'object_model', 'liveness_model'];
const POLL_MS = 3_000;
const QUERY = ['models'];

/** Which model does what, on which device; why one is missing; and choosing others while everything runs. */
export default function ModelsSection(): ReactElement {
  const [choosing, setChoosing] = useState<Choice | null>(null);
  const mayChoose = useMay('manage_users');
  const models = useQuery({
    queryKey: QUERY,
    queryFn: ({ signal }) => request<Models>('/api/models', { signal }),
    refetchInterval: POLL_MS,
  });
  if (models.data === undefined) {
    return models.error === null ? <LoadingRows label={systemText.models} /> : <Failed error={models.error} onRetry={models.refetch} />;
  }
  const { chosen, overruled, in_use, embedding } = models.data;
  return (
    <>
      <ul className={styles.models}>
        {in_use.map((model) => (
          <li key={`${model.task ?? ''}${model.name ?? ''}`} data-loaded={model.loaded || undefined}>
            <b>{(model.task ?? '').replaceAll('_', ' ')}</b>
            <span>{model.loaded ? [model.name, model.device].filter(Boolean).join(' · ') : model.reason}</span>
            <em>{model.loaded ? systemText.model.loaded : systemText.model.missing}</em>
          </li>
        ))}
      </ul>
      {embedding.changing ? <Change embedding={embedding} /> : <Past embedding={embedding} />}
      <h3 className={styles.title}>{modelsText.chosen}</h3>
      <ul className={styles.models}>
        {CHOICES.map((choice) => (
          <li key={choice}>
            <b>{modelsText.choices[choice]}</b>
            <span>
              {chosen[choice] ?? ''} {overruled.includes(choice) ? `(${modelsText.overruled})` : ''}
            </span>
            {mayChoose ? (
              <Button
                size="xs"
                variant="default"
                aria-label={modelsText.changeOf(modelsText.choices[choice])}
                onClick={() => {
                  setChoosing(choice);
                }}
              >
                {modelsText.change}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {choosing === null ? null : (
        <ChooseDialog
          choice={choosing}
          present={chosen[choosing] ?? ''}
          overruled={overruled.includes(choosing)}
          onClose={() => {
            setChoosing(null);
          }}
        />
      )}
    </>
  );
}

/** Another embedder recognises only after every stored sample was embedded by it. */
function Change({ embedding }: { embedding: Models['embedding'] }): ReactElement {
  const { chosen, serving, problem, references, done, failed } = embedding;
  return (
    <div className={styles.change} role="status">
      <b>{modelsText.changing(serving, chosen)}</b>
      {problem === '' ? null : <span className={styles.problem}>{problem}</span>}
      {references === null || done === null ? null : (
        <>
          <span>{modelsText.progress(done, references, failed ?? 0)}</span>
          <Progress value={(done / Math.max(references, 1)) * 100} aria-label={modelsText.progress(done, references, failed ?? 0)} />
        </>
      )}
    </div>
  );
}

/** What of before the embedder that serves does not know (yet). */
function Past({ embedding: { serving, sightings, rejections } }: { embedding: Models['embedding'] }): ReactElement | null {
  const waiting = sightings === null ? 0 : sightings.total - sightings.done - sightings.failed;
  const lost = rejections?.failed ?? 0;
  if (waiting === 0 && lost === 0) return null;
  return (
    <div className={styles.change} role="status">
      {sightings === null || waiting === 0 ? null : (
        <>
          <span>{modelsText.past(sightings.done, sightings.total, serving)}</span>
          <Progress
            value={((sightings.total - waiting) / sightings.total) * 100}
            aria-label={modelsText.past(sightings.done, sightings.total, serving)}
          />
        </>
      )}
      {lost === 0 ? null : <span>{modelsText.lostRejections(lost)}</span>}
    </div>
  );
}

interface ChooseDialogProps {
  choice: Choice;
  present: string;
  overruled: boolean;
  onClose: () => void;
}

function ChooseDialog({ choice, present, overruled, onClose }: ChooseDialogProps): ReactElement {
  const [model, setModel] = useState(present);
  const queries = useQueryClient();
  const choose = useMutation({
    mutationFn: (value: string | null) => request<Models>('/api/models', { method: 'PATCH', json: { [choice]: value } }),
    onError: notifyFailed,
    onSuccess: (answer) => {
      queries.setQueryData(QUERY, answer);
      notifyDone(modelsText.told);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (model.trim() !== '') choose.mutate(model.trim());
  };
  return (
    <Modal opened onClose={onClose} title={modelsText.choices[choice]} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={modelsText.name}
            description={modelsText.hints[choice]}
            data-autofocus
            value={model}
            onChange={(event) => {
              setModel(event.currentTarget.value);
            }}
          />
          <Group justify="flex-end" gap="xs">
            {overruled ? (
              <Button variant="subtle" color="gray" onClick={() => {
                choose.mutate(null);
              }}>
                {text.actions.reset}
              </Button>
            ) : null}
            <Button variant="default" onClick={onClose}>
              {text.actions.cancel}
            </Button>
            <Button type="submit" loading={choose.isPending} disabled={model.trim() === ''}>
              {modelsText.choose}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
