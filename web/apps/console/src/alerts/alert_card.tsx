import { Button } from '@mantine/core';
import type { Tap, Verdict } from '@sightline/client';
import type { ReactElement } from 'react';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';

import type { LiveAlert, Responder } from '../live/live_state.ts';
import { useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { Ago } from '../times/time.tsx';
import styles from './alert_card.module.css';
import { headline, holderOf } from './describe.ts';
import { Faces } from './faces.tsx';
import type { Handling } from './handling.ts';
import { EscalationMark, SeverityMark } from './severity_mark.tsx';
import { SimilarityWords } from './similarity.tsx';
import { TapState } from './tap_state.tsx';

interface AlertCardProps {
  alert: LiveAlert;
  selected: boolean;
  tap: Tap | undefined;
  handling: Handling;
  onTake: (verdict: Verdict | null) => void;
}

/** One alert in the inbox: two faces, who, where, how alike, for how long, who has it. */
export function AlertCard({ alert, selected, tap, handling, onTake }: AlertCardProps): ReactElement {
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) card.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  const taken = alert.state !== 'open';
  const me = useSession()?.user;
  const [myName, myId] = [me?.name ?? '', me?.id ?? ''];
  return (
    <li
      ref={card}
      className={styles.card}
      data-testid="alert-card"
      data-alert={alert.alert_id}
      data-severity={alert.severity}
      data-state={alert.state}
      data-selected={selected || undefined}
      data-escalated={(alert.escalation_level ?? 0) > 0 || undefined}
    >
      <Faces alert={alert} />
      <div className={styles.words}>
        <div className={styles.top}>
          <SeverityMark alert={alert} />
          <EscalationMark level={alert.escalation_level} />
          <Ago at={alert.timestamp} className={styles.ago} />
        </div>
        <Link to={`/alerts/${alert.alert_id}`} className={styles.name} aria-current={selected ? 'true' : undefined}>
          {headline(alert)}
        </Link>
        <span className={styles.where}>
          {alert.camera.name}
        </span>
        <div className={styles.bottom}>
          {taken ? (
            <b>{holderOf(alert, myName)}</b>
          ) : tap !== undefined ? (
            <TapState tap={tap} />
          ) : alert.responder != null ? (
            <span className={styles.asked}>{askedWords(alert.responder, myId)}</span>
          ) : typeof alert.similarity === 'number' ? (
            <SimilarityWords value={alert.similarity} />
          ) : null}
        </div>
      </div>
      {handling.take && tap?.state !== 'queued' && tap?.state !== 'sent' ? <Thumbs judge={handling.judge} onTake={onTake} /> : null}
    </li>
  );
}

function askedWords({ id, name }: Responder, myId: string): string {
  return id === myId ? alertsText.askingYou : alertsText.asking(name);
}

/** The three decisions, thumb-sized; only a phone shows them here, everywhere else they are beside the alert. */
function Thumbs({ judge, onTake }: { judge: boolean; onTake: (verdict: Verdict | null) => void }): ReactElement {
  return (
    <div className={styles.thumbs}>
      <Button
        size="md"
        onClick={() => {
          onTake(null);
        }}
      >
        {alertsText.take}
      </Button>
      {judge
        ? (['confirmed', 'rejected'] as const).map((verdict) => (
            <Button
              key={verdict}
              size="md"
              variant="default"
              onClick={() => {
                onTake(verdict);
              }}
            >
              {verdict === 'confirmed' ? alertsText.confirm : alertsText.reject}
            </Button>
          ))
        : null}
    </div>
  );
}
