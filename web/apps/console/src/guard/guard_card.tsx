import { Button } from '@mantine/core';
import type { Tap, Verdict } from '@sightline/client';
import { IconCheck, IconHandGrab, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { headline, holderOf, isAboutPerson, typeName } from '../alerts/describe.ts';
import { Faces } from '../alerts/faces.tsx';
import { EscalationMark, SeverityMark } from '../alerts/severity_mark.tsx';
import { SimilarityWords } from '../alerts/similarity.tsx';
import { TapState } from '../alerts/tap_state.tsx';
import type { LiveAlert } from '../live/live_state.ts';
import { useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { guardText } from '../text/guard.ts';
import { Ago } from '../times/time.tsx';
import styles from './guard_card.module.css';
import WayThere from './way_there.tsx';

interface GuardCardProps {
  alert: LiveAlert;
  tap: Tap | undefined;
  declined: boolean;
  onTake: (verdict: Verdict | null) => void;
  onCannot: () => void;
}

/** An alert for somebody on their feet: who, where, how far, since when, and two answers that a thumb finds. */
export function GuardCard({ alert, tap, declined, onTake, onCannot }: GuardCardProps): ReactElement {
  const me = useSession()?.user;
  const open = alert.state === 'open';
  const mine = alert.state === 'acknowledged' && alert.by === me?.name;
  return (
    <article
      className={styles.card}
      aria-label={`${headline(alert)}, ${alert.camera.name}`}
      data-testid="guard-card"
      data-alert={alert.alert_id}
      data-severity={alert.severity}
      data-state={alert.state}
      data-faint={(!open && !mine) || declined || undefined}
      data-escalated={(alert.escalation_level ?? 0) > 0 || undefined}
    >
      <div className={styles.top}>
        <SeverityMark alert={alert} />
        <EscalationMark level={alert.escalation_level} />
        {open && alert.responder != null && alert.responder.id === me?.id ? <span className={styles.asked}>{alertsText.askingYou}</span> : null}
        <Ago at={alert.timestamp} className={styles.ago} />
      </div>
      <div className={styles.who}>
        {isAboutPerson(alert) ? <Faces alert={alert} large /> : null}
        <div className={styles.words}>
          <h2>
            <Link to={`/alerts/${alert.alert_id}`}>{headline(alert)}</Link>
          </h2>
          {isAboutPerson(alert) ? <span className={styles.type}>{typeName(alert)}</span> : null}
          {typeof alert.similarity === 'number' ? <SimilarityWords value={alert.similarity} /> : null}
          {alert.person?.description ? <p className={styles.description}>{alert.person.description}</p> : null}
        </div>
      </div>
      {alert.camera.id === '' ? null : <WayThere camera={alert.camera} />}
      {open ? (
        <Answers tap={tap} declined={declined} onTake={onTake} onCannot={onCannot} />
      ) : (
        <p className={styles.holder}>{holderOf(alert, me?.name ?? '')}</p>
      )}
      {mine && isAboutPerson(alert) ? <Verdicts alert={alert} tap={tap} onTake={onTake} /> : null}
      {tap === undefined ? null : (
        <div className={styles.tap}>
          <TapState tap={tap} />
        </div>
      )}
    </article>
  );
}

function isWaiting(tap: Tap | undefined): boolean {
  return tap?.state === 'queued' || tap?.state === 'sent';
}

type AnswersProps = Pick<GuardCardProps, 'tap' | 'declined' | 'onTake' | 'onCannot'>;

function Answers({ tap, declined, onTake, onCannot }: AnswersProps): ReactElement | null {
  // Said and on its way: pressing again would say nothing new. The other answer stays possible.
  const said = isWaiting(tap) ? tap?.kind : undefined;
  return (
    <div className={styles.answers} data-alone={declined || undefined}>
      <Button
        size="lg"
        variant={declined ? 'default' : 'filled'}
        leftSection={<IconHandGrab size={22} stroke={1.8} />}
        disabled={said === 'ack'}
        onClick={() => {
          onTake(null);
        }}
      >
        {declined ? guardText.stillTake : guardText.take}
      </Button>
      {declined ? null : (
        <Button size="lg" variant="default" disabled={said === 'decline'} onClick={onCannot}>
          {alertsText.cannot}
        </Button>
      )}
    </div>
  );
}

function Verdicts({ alert, tap, onTake }: Pick<GuardCardProps, 'alert' | 'tap' | 'onTake'>): ReactElement {
  return (
    <div className={styles.answers} data-even>
      {(['confirmed', 'rejected'] as const).map((verdict) => (
        <Button
          key={verdict}
          size="md"
          variant={alert.verdict === verdict ? 'filled' : 'default'}
          aria-pressed={alert.verdict === verdict}
          disabled={isWaiting(tap)}
          leftSection={verdict === 'confirmed' ? <IconCheck size={19} stroke={2} /> : <IconX size={19} stroke={2} />}
          onClick={() => {
            onTake(verdict);
          }}
        >
          {verdict === 'confirmed' ? alertsText.confirm : alertsText.reject}
        </Button>
      ))}
    </div>
  );
}
