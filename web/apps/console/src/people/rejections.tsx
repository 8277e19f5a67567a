import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowBackUp } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { Negative } from '../api/past_types.ts';
import type { Person } from '../api/types.ts';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { Picture } from '../pictures/picture.tsx';
import { outdatePast, useIsEnding } from '../search/queries.ts';
import { useMay } from '../session/session.ts';
import { rejectionsText } from '../text/rejections.ts';
import { Clock } from '../times/time.tsx';
import { personUrl } from './queries.ts';
import styles from './rejections.module.css';

/** What was said not to be this person, with the way to take it back; nothing where there is nothing. */
export default function Rejections({ person }: { person: Person }): ReactElement | null {
  const isEnding = useIsEnding();
  const { data, error, refetch } = useQuery<Negative[]>({
    queryKey: ['past', 'negatives', person.id],
    enabled: ({ state }) => !isEnding || state.data !== undefined,
    queryFn: ({ signal }) => request(`${personUrl(person.id)}/negatives`, { signal }),
  });
  if (error !== null && data === undefined) return <Failed error={error} onRetry={refetch} />;
  if (data === undefined || data.length === 0) return null;
  return (
    <section className={styles.section} aria-labelledby="rejections-title">
      <h2 id="rejections-title">{rejectionsText.title}</h2>
      <p>{rejectionsText.lead}</p>
      <ul>
        {[...data].reverse().map((negative) => (
          <Row key={negative.id} person={person} negative={negative} />
        ))}
      </ul>
    </section>
  );
}

function Row({ person, negative }: { person: Person; negative: Negative }): ReactElement {
  const queries = useQueryClient();
  const mayManage = useMay('manage_people');
  const undo = useMutation({
    mutationFn: () => request(`/api/negatives/${encodeURIComponent(negative.id)}`, { method: 'DELETE' }),
    onError: notifyFailed,
    onSuccess: () => {
      notifyDone(rejectionsText.removed);
    },
    onSettled: () => outdatePast(queries),
  });
  const source = encodeURIComponent(negative.source_id);
  const ofAlert = negative.source === 'alert';
  return (
    <li data-testid="rejection">
      <Picture
        url={ofAlert ? `/api/alerts/${source}/probe` : `/api/sightings/${source}/picture`}
        alt={rejectionsText.pictureOf(person.name)}
        className={styles.face}
      />
      <div>
        {ofAlert ? <Link to={`/alerts/${source}`}>{rejectionsText.alert}</Link> : <b>{rejectionsText.sighting}</b>}
        <span>
          {rejectionsText.by(negative.by ?? rejectionsText.somebody)} · <Clock at={negative.created_at} />
        </span>
      </div>
      {mayManage ? (
        <Button
          size="compact-sm"
          variant="subtle"
          color="gray"
          leftSection={<IconArrowBackUp size={16} />}
          loading={undo.isPending}
          onClick={() => {
            undo.mutate();
          }}
        >
          {rejectionsText.remove}
        </Button>
      ) : null}
    </li>
  );
}
