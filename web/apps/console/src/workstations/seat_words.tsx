import type { ReactElement } from 'react';

import type { Seat } from '../api/workstation_types.ts';
import { actionsText, workstationsText } from '../text/workstations.ts';
import { Ago } from '../times/time.tsx';
import { reasonWords, toneOf } from './describe.ts';
import styles from './workstations_page.module.css';

/** The last verdict on a connection: what was seen and done, when, and how long that took. */
export function SeatWords({ seat }: { seat: Seat }): ReactElement {
  const { action, reason, verdict_at, latency_ms } = seat;
  if (action === null || reason === null || verdict_at === null) return <span className={styles.verdict}>{workstationsText.noPicture}</span>;
  return (
    <span className={styles.verdict} data-tone={toneOf(action)} data-testid="verdict">
      <b>
        <i className={styles.lamp} aria-hidden />
        {reasonWords(action, reason)}
        {action === 'NO_ACTION' ? null : ` · ${actionsText.actions[action]}`}
      </b>
      <small>
        <Ago at={verdict_at} />
        {latency_ms === null ? null : (
          <>
            {' · '}
            <span title={workstationsText.took}>{workstationsText.tookMs(latency_ms)}</span>
          </>
        )}
      </small>
    </span>
  );
}
