import { ActionIcon } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import type { Verdict } from '@sightline/client';
import { IconKeyboard } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { useLive } from '../live/live_context.ts';
import { inboxOf, nextAfter, openCount, takenOf } from '../live/live_state.ts';
import { useMay, useSession } from '../session/session.ts';
import { text } from '../text.ts';
import { useNow } from '../times/clock.ts';
import { AlertDetail } from './alert_detail.tsx';
import { AlertList } from './alert_list.tsx';
import { handlingOf } from './handling.ts';
import styles from './inbox_page.module.css';
import { useInboxKeys } from './use_inbox_keys.ts';

const CannotDialog = fetched(() => import('../guard/cannot_dialog.tsx'));
const KeysDialog = fetched(() => import('./keys_dialog.tsx'));

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
    if (wide && wasOpen && id === selectedId) select(nextAfter(inbox, id, state.taps) ?? id);
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
      <title>{text.alerts.documentTitle(count)}</title>
      {wide || alertId === null ? (
        <section className={styles.inbox} aria-labelledby="inbox-title">
          <header className={styles.head}>
            <h1 id="inbox-title">{text.alerts.title}</h1>
            <span className={styles.count} role="status" data-testid="open-count">
              {text.alerts.open(count)}
            </span>
            <ActionIcon
              className={styles.keys}
              variant="subtle"
              color="gray"
              size={34}
              aria-label={text.alerts.keysHint}
              title={`${text.alerts.keysHint} (?)`}
              onClick={() => {
                setHelping(true);
              }}
            >
              <IconKeyboard size={20} stroke={1.6} />
            </ActionIcon>
          </header>
          <AlertList inbox={inbox} taken={taken} selectedId={selectedId} onTake={take} />
        </section>
      ) : null}
      {wide || alertId !== null ? (
        <section className={styles.detail} aria-label={text.trace.title}>
          {selectedId === null ? (
            <p className={styles.choose}>{text.alerts.choose}</p>
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
