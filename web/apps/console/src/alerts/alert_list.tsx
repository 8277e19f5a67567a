import { Button } from '@mantine/core';
import type { Verdict } from '@sightline/client';
import { useSightline } from '@sightline/react';
import { IconMoonStars } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { useLive } from '../live/live_context.ts';
import type { LiveAlert } from '../live/live_state.ts';
import { useMay, useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { AlertCard } from './alert_card.tsx';
import styles from './alert_list.module.css';
import { handlingOf } from './handling.ts';

interface AlertListProps {
  inbox: readonly LiveAlert[];
  taken: readonly LiveAlert[];
  selectedId: string | null;
  onTake: (alertId: string, verdict: Verdict | null) => void;
}

/** Cards that are shown at first and added at a time: a flood must not make the page slow for the first of them. */
const CARDS = 60;

/** The inbox: what is open, then what somebody has taken. */
export function AlertList({ inbox, taken, selectedId, onTake }: AlertListProps): ReactElement {
  const { state, error, retry } = useLive();
  const myName = useSession()?.user.name ?? '';
  const mayHandle = useMay('handle_alerts');
  const [wanted, setWanted] = useState(CARDS);
  // The alert that is looked at is in the list, however far down newer ones have pushed it.
  const shown = inbox.filter((alert, index) => index < wanted || alert.alert_id === selectedId);
  const cards = (alerts: readonly LiveAlert[]): ReactElement[] =>
    alerts.map((alert) => (
      <AlertCard
        key={alert.alert_id}
        alert={alert}
        selected={alert.alert_id === selectedId}
        tap={state.taps[alert.alert_id]}
        handling={handlingOf(alert, myName, mayHandle)}
        onTake={(verdict) => {
          onTake(alert.alert_id, verdict);
        }}
      />
    ));

  return (
    <div className={styles.list}>
      {error !== null && !state.loaded ? (
        <div className={styles.notice}>
          <Failed error={error} onRetry={retry} />
        </div>
      ) : null}
      {!state.loaded && error === null && inbox.length === 0 ? (
        <div className={styles.notice}>
          <LoadingRows label={alertsText.loading} rows={5} height={82} />
        </div>
      ) : null}
      {inbox.length > 0 ? (
        <ul className={styles.cards} aria-label={alertsText.listLabel}>
          {cards(shown)}
          {inbox.length > shown.length ? (
            <li className={styles.more}>
              <Button
                variant="default"
                fullWidth
                onClick={() => {
                  setWanted(wanted + CARDS);
                }}
              >
                {alertsText.more(inbox.length - shown.length)}
              </Button>
            </li>
          ) : null}
        </ul>
      ) : state.loaded ? (
        <Quiet />
      ) : null}
      {taken.length === 0 ? null : (
        <>
          <h2 className={`eyebrow ${styles.heading ?? ''}`}>{alertsText.taken}</h2>
          <ul className={styles.cards} aria-label={alertsText.taken}>
            {cards(taken)}
          </ul>
        </>
      )}
    </div>
  );
}

function Quiet(): ReactElement {
  const live = useSightline().connection.status === 'authenticated';
  return (
    <Empty icon={<IconMoonStars size={30} stroke={1.4} />} title={alertsText.quietTitle}>
      {live ? alertsText.quiet : alertsText.quietDisconnected}
    </Empty>
  );
}
