import { Checkbox, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';

import type { PersonFootage, SeenSpan } from '../api/footage_types.ts';
import { request } from '../api/http.ts';
import { Failed } from '../feedback/states.tsx';
import { useMay } from '../session/session.ts';
import { peopleText } from '../text/people.ts';
import { fileSize, timeRange } from '../times/format.ts';
import styles from './person_footage.module.css';

const MOST_LINES = 6;

interface FootageChoiceProps {
  /** Whose: the REST path of a person or a stranger. */
  owner: string;
  chosen: boolean;
  onChange: (chosen: boolean) => void;
}

/** Which recordings show somebody who is about to be erased, and whether they go as well. */
export function FootageChoice({ owner, chosen, onChange }: FootageChoiceProps): ReactElement | null {
  const mayDelete = useMay('manage_cameras');
  const { data, error, refetch } = useQuery({
    queryKey: ['footage', 'of', owner],
    queryFn: ({ signal }) => request<PersonFootage>(`${owner}/footage`, { signal }),
    gcTime: 0,
  });
  if (error !== null) return <Failed error={error} onRetry={refetch} />;
  if (data === undefined) {
    return (
      <Text size="sm" c="dimmed" role="status">
        {peopleText.recordingsLooking}
      </Text>
    );
  }
  if (data.pieces === 0 && data.unreached_engines.length === 0) return null;
  return (
    <Stack gap="xs">
      {data.pieces === 0 ? null : <Times lead={peopleText.recordingsShow} spans={data.spans} />}
      {mayDelete && data.pieces > 0 ? (
        <Checkbox
          label={peopleText.recordingsDelete(data.pieces, fileSize(data.size_bytes))}
          description={peopleText.recordingsOthers}
          checked={chosen}
          onChange={(event) => {
            onChange(event.currentTarget.checked);
          }}
        />
      ) : null}
      {mayDelete || data.pieces === 0 ? null : <Text size="sm">{peopleText.recordingsForbidden}</Text>}
      <Unreached footage={data} />
    </Stack>
  );
}

/** What still shows somebody who was erased. */
export function FootageLeft({ footage }: { footage: PersonFootage }): ReactElement | null {
  if (footage.spans.length === 0 && footage.unreached_engines.length === 0) return null;
  return (
    <>
      {footage.spans.length === 0 ? null : <Times lead={peopleText.recordingsLeft} spans={footage.spans} all />}
      <Unreached footage={footage} all />
    </>
  );
}

function Unreached({ footage, all = false }: { footage: PersonFootage; all?: boolean }): ReactElement | null {
  if (footage.unreached_engines.length === 0) return null;
  return <Times lead={peopleText.recordingsUnreached(footage.unreached_engines.join(', '))} spans={footage.seen} all={all} />;
}

function Times({ lead, spans, all = false }: { lead: string; spans: readonly SeenSpan[]; all?: boolean }): ReactElement {
  const shown = all ? spans : spans.slice(0, MOST_LINES);
  return (
    <div className={styles.times}>
      <p>{lead}</p>
      <ul>
        {shown.map(({ camera_id: id, camera, starts_at: from, ends_at: to }) => (
          <li key={`${id}/${String(from)}`}>
            {peopleText.recordingsOf(camera === '' ? peopleText.cameraGone : camera, timeRange(from, to))}
          </li>
        ))}
        {shown.length === spans.length ? null : <li>{peopleText.recordingsMore(spans.length - shown.length)}</li>}
      </ul>
    </div>
  );
}
