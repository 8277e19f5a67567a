import type { Alert } from '@sightline/client';
import { useQuery } from '@tanstack/react-query';
import {
  IconBell,
  IconBroadcast,
  IconCheck,
  IconClockX,
  IconDeviceMobileOff,
  IconHandStop,
  IconHourglassEmpty,
  IconUsersGroup,
  IconWalk,
} from '@tabler/icons-react';
import type { Icon } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Escalation } from '../api/types.ts';
import { Failed, LoadingRows } from '../feedback/states.tsx';
import { deliveryText } from '../text/delivery.ts';
import { Clock } from '../times/time.tsx';
import styles from './delivery_timeline.module.css';
import type { Told, Mark } from './delivery_entries.ts';
import { entriesOf } from './delivery_entries.ts';

const ICONS: Record<Mark, Icon> = {
  raised: IconBell,
  person: IconWalk,
  everybody: IconUsersGroup,
  outside: IconBroadcast,
  not_received: IconDeviceMobileOff,
  not_acknowledged: IconClockX,
  declined: IconHandStop,
  waiting: IconHourglassEmpty,
  taken: IconCheck,
};

/** Who was told when, by which way, and what became of it; the newest last. */
export default function DeliveryTimeline({ alert }: { alert: Alert }): ReactElement {
  const { data, error, refetch } = useQuery({
    queryKey: ['alerts', 'escalation', alert.alert_id],
    queryFn: ({ signal }) => request<Escalation>(`/api/alerts/${encodeURIComponent(alert.alert_id)}/escalation`, { signal }),
  });
  return (
    <section className={styles.delivery} aria-labelledby="delivery-title">
      <h2 id="delivery-title">{deliveryText.title}</h2>
      {error !== null && data === undefined ? (
        <Failed error={error} onRetry={refetch} />
      ) : data === undefined ? (
        <LoadingRows label={deliveryText.loading} rows={2} height={36} />
      ) : (
        <ol className={styles.line}>
          {entriesOf(alert, data).map((entry) => (
            <Entry key={`${String(entry.at)}-${entry.mark}-${entry.title}`} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({ entry }: { entry: Told }): ReactElement {
  const EntryIcon = ICONS[entry.mark];
  return (
    <li data-mark={entry.mark} data-testid="delivery-entry">
      <span className={styles.icon} aria-hidden>
        <EntryIcon size={17} stroke={1.8} />
      </span>
      <div>
        <b>{entry.title}</b>
        {entry.detail === '' ? null : <span>{entry.detail}</span>}
      </div>
      {entry.at === null ? null : <Clock at={entry.at} />}
    </li>
  );
}
