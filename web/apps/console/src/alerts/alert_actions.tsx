import { Button, Kbd } from '@mantine/core';
import type { Tap, Verdict } from '@sightline/client';
import { IconCheck, IconHandGrab, IconHandStop, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import type { Alert } from '../api/types.ts';
import type { LiveAlert } from '../live/live_state.ts';
import { useLive } from '../live/live_context.ts';
import { useMay, useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import { Clock } from '../times/time.tsx';
import styles from './alert_actions.module.css';
import { holderOf } from './describe.ts';
import { handlingOf } from './handling.ts';
import { TapState } from './tap_state.tsx';

interface AlertActionsProps {
  alert: Alert & Pick<Partial<LiveAlert>, 'responder'>;
  tap: Tap | undefined;
  onTake: (verdict: Verdict | null) => void;
  onCannot: () => void;
}

/** What to do about an alert, and who has done it. */
export function AlertActions({ alert, tap, onTake, onCannot }: AlertActionsProps): ReactElement {
  const me = useSession()?.user;
  const myName = me?.name ?? '';
  const declined = useLive().state.declined.includes(alert.alert_id);
  const handling = handlingOf(alert, myName, useMay('handle_alerts'));
  // Only who is asked, or may be, has something to hand on.
  const mayDecline = handling.take && !declined && (me?.role === 'responder' || (alert.responder != null && alert.responder.id === me?.id));
  const waiting = tap?.state === 'queued' || tap?.state === 'sent';
  const button = (verdict: Verdict) => ({
    size: 'md' as const,
    variant: alert.verdict === verdict ? ('filled' as const) : ('default' as const),
    disabled: waiting,
    'aria-pressed': alert.verdict === verdict,
    onClick: () => {
      onTake(verdict);
    },
  });
  return (
    <div className={styles.actions}>
      <Holder alert={alert} myName={myName} />
      {handling.take || handling.judge ? (
        <div className={styles.buttons}>
          {handling.take ? (
            <Button
              className={styles.take}
              size="md"
              disabled={waiting}
              leftSection={<IconHandGrab size={19} stroke={1.8} />}
              rightSection={<Kbd size="xs">A</Kbd>}
              onClick={() => {
                onTake(null);
              }}
            >
              {alertsText.take}
            </Button>
          ) : null}
          {mayDecline ? (
            <Button
              className={styles.take}
              size="md"
              variant="default"
              disabled={waiting && tap.kind === 'decline'}
              leftSection={<IconHandStop size={19} stroke={1.8} />}
              onClick={onCannot}
            >
              {alertsText.cannot}
            </Button>
          ) : null}
          {handling.judge ? (
            <>
              <Button {...button('confirmed')} leftSection={<IconCheck size={19} stroke={2} />} rightSection={<Kbd size="xs">C</Kbd>}>
                {alertsText.confirm}
              </Button>
              <Button {...button('rejected')} leftSection={<IconX size={19} stroke={2} />} rightSection={<Kbd size="xs">R</Kbd>}>
                {alertsText.reject}
              </Button>
            </>
          ) : null}
        </div>
      ) : null}
      {declined && tap === undefined && handling.take ? <p className={styles.holder}>{alertsText.declined}</p> : null}
      <TapState tap={tap} />
    </div>
  );
}

function Holder({ alert, myName }: { alert: Alert; myName: string }): ReactElement {
  const state = alert.state ?? 'open';
  if (!alert.by) return <p className={styles.holder}>{holderOf(alert, myName)}</p>;
  return (
    <p className={styles.holder}>
      <b>{holderOf(alert, myName)}</b>
      {alert.at ? (
        <>
          {' · '}
          <Clock at={alert.at} />
        </>
      ) : null}
      {alert.verdict ? ` · ${text.verdict[alert.verdict]}` : null}
      {state === 'acknowledged' ? null : ` · ${text.alertState[state]}`}
    </p>
  );
}
