import { ActionIcon, Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import type { Verdict } from '@sightline/client';
import { IconKeyboard } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { useDismissed } from '../feedback/dismissed.ts';
import { TOAST } from '../feedback/notify.ts';
import { useLive } from '../live/live_context.ts';
import { inboxOf, nextAfter, openCount, takenOf } from '../live/live_state.ts';
import { useMay, useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import { traceText } from '../text/trace.ts';
import { useNow } from '../times/clock.ts';
import { AlertDetail } from './alert_detail.tsx';
import { AlertList } from './alert_list.tsx';
import { headline } from './describe.ts';
import { handlingOf } from './handling.ts';
import styles from './inbox_page.module.css';
import { useInboxKeys } from './use_inbox_keys.ts';

const CannotDialog = fetched(() => import('../guard/cannot_dialog.tsx'));
const QuietNote = fetched(() => import('../quiet/quiet_note.tsx'));
const Welcome = fetched(() => import('./welcome.tsx'));
const KeysDialog = fetched(() => import('./keys_dialog.tsx'));

const YEARS_DAYS = 3_650;
const CHANGE_MS = 8_000;

/** The inbox beside the alert that is being looked at; on a phone one or the other. */
export default function InboxPage(): ReactElement {
  const { state, acknowledge, decline } = useLive();
  const myName = useSession()?.user.name ?? '';
  const mayHandle = useMay('handle_alerts');
  const nowMs = useNow(1_000);
  const wide = useMediaQuery('(width >= 768px)', true, { getInitialValueInEffect: false });
  const navigate = useNavigate();
  const { alertId = null } = useParams();
  const [chosen, setChosen] = useState<string | null>(null);
  const [welcomed, welcome] = useDismissed('welcome', YEARS_DAYS);
  const mayEnrol = useMay('manage_people');
  const [helping, setHelping] = useState(false);
  const [declining, setDeclining] = useState<string | null>(null);

  const inbox = inboxOf(state, nowMs);
  const taken = takenOf(state, nowMs);
  const first = inbox[0]?.alert_id ?? null;
  // Chosen once and kept: were the newest always selected, a key meant for one alert could land on the next.
  if (alertId === null && chosen === null && first !== null && wide) setChosen(first);
  const selectedId = alertId ?? (wide ? chosen : null);

  const select = (id: string | null): void => {
    setChosen(id);
    if (alertId !== null || id === null) void navigate('/', { replace: true });
  };
  /** The alert is out of sight by now, and a key is soon pressed in error: one step leads back to it. */
  const offerChange = (id: string, verdict: Verdict): void => {
    const alert = state.alerts[id];
    if (alert === undefined) return;
    notifications.show({
      ...TOAST,
      id: `judged-${id}`,
      color: 'signal',
      autoClose: CHANGE_MS,
      message: (
        <span className={styles.judged}>
          {alertsText.judged(text.verdict[verdict], headline(alert))}
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              notifications.hide(`judged-${id}`);
              select(id);
            }}
          >
            {alertsText.change}
          </Button>
        </span>
      ),
    });
  };
  const move = (step: 1 | -1): void => {
    const all = [...inbox, ...taken];
    const at = all.findIndex((alert) => alert.alert_id === selectedId);
    const target = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    if (target !== undefined) select(target.alert_id);
  };
  const take = (id: string, verdict: Verdict | null): void => {
    acknowledge(id, verdict);
    const wasOpen = state.alerts[id]?.state === 'open';
    // At a desk the next one comes up by itself; who holds a phone is on the way and needs this one.
    const next = wide && wasOpen && id === selectedId ? nextAfter(inbox, id, state.taps) : null;
    if (next === null) return;
    select(next);
    if (verdict !== null) offerChange(id, verdict);
  };

  useEffect(() => {
    // Whoever looks at an alert needs no toast about it.
    if (selectedId !== null) notifications.hide(selectedId);
  }, [selectedId]);

  useInboxKeys({
    move,
    take: (verdict) => {
      const alert = selectedId === null ? undefined : state.alerts[selectedId];
      if (alert === undefined) return;
      const handling = handlingOf(alert, myName, mayHandle);
      if (verdict === null ? handling.take : handling.judge) take(alert.alert_id, verdict);
    },
    help: () => {
      setHelping(true);
    },
  });

  const count = openCount(state);
  return (
    <div className={styles.page}>
      <title>{alertsText.documentTitle(count)}</title>
      {wide || alertId === null ? (
        <section className={styles.inbox} aria-labelledby="inbox-title">
          <header className={styles.head}>
            <h1 id="inbox-title">{alertsText.title}</h1>
            <span className={styles.count} role="status" data-testid="open-count">
              {alertsText.open(count)}
            </span>
            <ActionIcon
              className={styles.keys}
              variant="subtle"
              color="gray"
              size={34}
              aria-label={alertsText.keysHint}
              title={`${alertsText.keysHint} (?)`}
              onClick={() => {
                setHelping(true);
              }}
            >
              <IconKeyboard size={20} stroke={1.6} />
            </ActionIcon>
          </header>
          {mayHandle ? (
            <OptionalPart>
              <QuietNote />
            </OptionalPart>
          ) : null}
          {mayEnrol && !welcomed ? (
            <OptionalPart>
              <Welcome onDismiss={welcome} />
            </OptionalPart>
          ) : null}
          <AlertList inbox={inbox} taken={taken} selectedId={selectedId} onTake={take} />
        </section>
      ) : null}
      {wide || alertId !== null ? (
        <section className={styles.detail} aria-label={traceText.title}>
          {selectedId === null ? (
            <p className={styles.choose}>{alertsText.choose}</p>
          ) : (
            <AlertDetail
              key={selectedId}
              alertId={selectedId}
              alone={!wide}
              onTake={(verdict) => {
                take(selectedId, verdict);
              }}
              onCannot={() => {
                setDeclining(selectedId);
              }}
            />
          )}
        </section>
      ) : null}
      {declining === null ? null : (
        <OptionalPart>
          <CannotDialog
            onDecline={(reason) => {
              decline(declining, reason);
              setDeclining(null);
            }}
            onClose={() => {
              setDeclining(null);
            }}
          />
        </OptionalPart>
      )}
      {helping ? (
        <OptionalPart>
          <KeysDialog
            onClose={() => {
              setHelping(false);
            }}
          />
        </OptionalPart>
      ) : null}
    </div>
  );
}
