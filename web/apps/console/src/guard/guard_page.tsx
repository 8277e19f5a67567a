import '../theme/form_styles.ts';

import { IconMoonStars, IconWalk } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { useLive } from '../live/live_context.ts';
import type { LiveAlert } from '../live/live_state.ts';
import { inboxOf, openCount, takenOf } from '../live/live_state.ts';
import { useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import { guardText } from '../text/guard.ts';
import { useNow } from '../times/clock.ts';
import { DutyBar } from './duty_bar.tsx';
import { GuardCard } from './guard_card.tsx';
import styles from './guard_page.module.css';
import { useOwnDutyState } from './own_duty.ts';
import { Questions } from './questions.tsx';

const CannotDialog = fetched(() => import('./cannot_dialog.tsx'));

/** What somebody took longer ago than this is history. */
const MINE_MS = 60 * 60_000;
const OTHERS_SHOWN = 3;

/** The guard's one screen: on duty or not, and the alerts that wait for an answer. */
export default function GuardPage(): ReactElement {
  const { state, error, retry, acknowledge, decline } = useLive();
  const me = useSession()?.user.name ?? '';
  const nowMs = useNow(1_000);
  const [declining, setDeclining] = useState<string | null>(null);
  const inbox = inboxOf(state, nowMs);
  const taken = takenOf(state, nowMs);
  const declined = new Set(state.declined);
  const cards = (alerts: readonly LiveAlert[]): ReactNode =>
    alerts.map((alert) => (
      <GuardCard
        key={alert.alert_id}
        alert={alert}
        tap={state.taps[alert.alert_id]}
        declined={declined.has(alert.alert_id)}
        onTake={(verdict) => {
          acknowledge(alert.alert_id, verdict);
        }}
        onCannot={() => {
          setDeclining(alert.alert_id);
        }}
      />
    ));
  const waiting = inbox.filter((alert) => !declined.has(alert.alert_id));
  return (
    <div className={styles.page}>
      <title>{alertsText.documentTitle(openCount(state))}</title>
      <h1 className="visually-hidden">{text.nav.guard}</h1>
      <DutyBar />
      {error !== null ? <Failed error={error} onRetry={retry} /> : null}
      {waiting.length > 0 ? (
        <section className={styles.cards} aria-label={alertsText.listLabel}>
          {cards(waiting)}
        </section>
      ) : state.loaded ? (
        <Nothing />
      ) : error === null ? (
        <LoadingRows label={alertsText.loading} rows={2} height={240} />
      ) : null}
      <Questions />
      <Group title={guardText.mine}>{cards(taken.filter((alert) => alert.by === me && nowMs - (alert.at ?? 0) < MINE_MS))}</Group>
      <Group title={guardText.declinedTitle}>{cards(inbox.filter((alert) => declined.has(alert.alert_id)))}</Group>
      <Group title={guardText.others}>{cards(taken.filter((alert) => alert.by !== me).slice(0, OTHERS_SHOWN))}</Group>
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
    </div>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }): ReactElement | null {
  if (!Array.isArray(children) || children.length === 0) return null;
  return (
    <section className={styles.cards} aria-label={title}>
      <h2 className="eyebrow">{title}</h2>
      {children}
    </section>
  );
}

function Nothing(): ReactElement {
  const on = useOwnDutyState().data?.on_duty ?? true;
  return (
    <Empty
      icon={on ? <IconWalk size={30} stroke={1.4} /> : <IconMoonStars size={30} stroke={1.4} />}
      title={on ? guardText.emptyOn : guardText.emptyOff}
    >
      {on ? guardText.emptyOnHint : guardText.emptyOffHint}
    </Empty>
  );
}
