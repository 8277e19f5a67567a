import { ActionIcon, Button, Skeleton } from '@mantine/core';
import type { Alert, Verdict } from '@sightline/client';
import { IconArrowLeft, IconBellOff } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { Failed } from '../feedback/states.tsx';
import { useCameras } from '../cameras/queries.ts';
import { useLive } from '../live/live_context.ts';
import { carriesAPhone } from '../guard/carries_a_phone.ts';
import { useMay, useSession } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import { historyText } from '../text/history.ts';
import { quietText } from '../text/quiet.ts';
import { Ago, Clock } from '../times/time.tsx';
import { LiveTile } from '../wall/live_tile.tsx';
import { AlertActions } from './alert_actions.tsx';
import styles from './alert_detail.module.css';
import { Clip } from './clip.tsx';
import { headline, isAboutPerson, typeName } from './describe.ts';
import { Faces } from './faces.tsx';
import { EscalationMark, SeverityMark } from './severity_mark.tsx';
import { SimilarityScale } from './similarity.tsx';
import { TraceView } from './trace_view.tsx';
import { useAlert } from './use_alert.ts';

const DeliveryTimeline = fetched(() => import('./delivery_timeline.tsx'));
const SnoozeDialog = fetched(() => import('../quiet/snooze_dialog.tsx'));
const NotThisPerson = fetched(() => import('../search/not_this_person.tsx'));
const WayThere = fetched(() => import('../guard/way_there.tsx'));

interface AlertDetailProps {
  alertId: string;
  /** Whether this is all that the page shows, so that its heading is the page's. */
  alone: boolean;
  onTake: (verdict: Verdict | null) => void;
  onCannot: () => void;
}

/** Everything about one alert: the comparison, the decision to make, the picture, and why it was raised. */
export function AlertDetail({ alertId, alone, onTake, onCannot }: AlertDetailProps): ReactElement {
  const { alert, error } = useAlert(alertId);
  const tap = useLive().state.taps[alertId];
  const onFoot = carriesAPhone(useSession());
  const Heading = alone ? 'h1' : 'h2';
  if (error !== null) {
    return (
      <div className={styles.detail}>
        <Failed error={error} />
      </div>
    );
  }
  if (alert === undefined) {
    return (
      <div className={styles.detail}>
        <Skeleton height={320} radius="lg" />
      </div>
    );
  }
  const pictured = isAboutPerson(alert) || Boolean(alert.snapshot_url);
  return (
    <article className={styles.detail} data-testid="alert-detail" data-alert={alertId} data-state={alert.state ?? 'open'}>
      <header className={styles.head}>
        <ActionIcon component={Link} to="/" variant="default" size={40} className={styles.back} aria-label={text.actions.back}>
          <IconArrowLeft size={20} />
        </ActionIcon>
        <div className={styles.title}>
          <div className={styles.marks}>
            <SeverityMark alert={alert} />
            <EscalationMark level={alert.escalation_level} />
            <span>{typeName(alert)}</span>
          </div>
          <Heading className={styles.name}>{headline(alert)}</Heading>
          <PersonLine alert={alert} />
        </div>
        <Snooze alert={alert} />
      </header>
      <div className={styles.compare} data-faces={isAboutPerson(alert) || undefined}>
        {isAboutPerson(alert) ? <Faces alert={alert} large /> : null}
        <div className={styles.decide}>
          {typeof alert.similarity === 'number' ? <SimilarityScale value={alert.similarity} /> : null}
          <Facts alert={alert} />
          {onFoot && alert.camera.id !== '' ? (
            <OptionalPart>
              <WayThere camera={alert.camera} />
            </OptionalPart>
          ) : null}
          <AlertActions alert={alert} tap={tap} onTake={onTake} onCannot={onCannot} />
          {alert.person ? <p className={styles.lead}>{alertsText.lead}</p> : null}
          {alert.person ? (
            <OptionalPart>
              <NotThisPerson key={alertId} of={{ alert_id: alertId }} name={headline(alert)} />
            </OptionalPart>
          ) : null}
        </div>
      </div>
      {pictured ? <Pictures alert={alert} /> : null}
      <OptionalPart>
        <DeliveryTimeline alert={alert} />
      </OptionalPart>
      {pictured ? null : <Pictures alert={alert} />}
      <TraceView alert={alert} />
    </article>
  );
}

/** Keeping the camera of an alert quiet, for those who may. */
function Snooze({ alert }: { alert: Alert }): ReactElement | null {
  const [open, setOpen] = useState(false);
  const allowed = useMay('snooze_alerts');
  if (!allowed || alert.camera.id === '') return null;
  return (
    <>
      <Button
        className={styles.snooze}
        size="xs"
        variant="subtle"
        color="gray"
        leftSection={<IconBellOff size={16} stroke={1.7} />}
        onClick={() => {
          setOpen(true);
        }}
      >
        {quietText.menu}
      </Button>
      {open ? (
        <OptionalPart>
          <SnoozeDialog
            camera={alert.camera}
            alertType={alert.type}
            onClose={() => {
              setOpen(false);
            }}
          />
        </OptionalPart>
      ) : null}
    </>
  );
}

function PersonLine({ alert }: { alert: Alert }): ReactElement | null {
  if (!alert.person) return null;
  const { age, description } = alert.person;
  const parts = [age === null ? '' : alertsText.age(age), description].filter(Boolean);
  return parts.length === 0 ? null : <p className={styles.person}>{parts.join(' · ')}</p>;
}

function Facts({ alert }: { alert: Alert }): ReactElement {
  const { latitude, longitude, name } = alert.camera;
  return (
    <dl className={styles.facts}>
      <Fact label={historyText.camera}>{name}</Fact>
      {latitude === null || longitude === null ? null : (
        <Fact label={alertsText.place}>
          <span className="figure">
            {latitude.toFixed(5)}, {longitude.toFixed(5)}
          </span>
        </Fact>
      )}
      <Fact label={alertsText.seenAt}>
        <Clock at={alert.timestamp} />
      </Fact>
      {(alert.state ?? 'open') === 'open' ? (
        <Fact label={alertsText.openFor}>
          <Ago at={alert.created_at ?? alert.timestamp} />
        </Fact>
      ) : null}
      {alert.watch_list ? <Fact label={alertsText.list}>{alert.watch_list.name}</Fact> : null}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Pictures({ alert }: { alert: Alert }): ReactElement {
  const cameras = useCameras().data ?? [];
  const stillThere = cameras.some((camera) => camera.id === alert.camera.id);
  return (
    <div className={styles.pictures}>
      {alert.snapshot_url ? (
        <figure>
          <Clip key={alert.alert_id} alert={alert} />
          <figcaption>
            {alertsText.seenAt} <Clock at={alert.timestamp} />
          </figcaption>
        </figure>
      ) : null}
      {stillThere ? (
        <figure>
          <LiveTile cameraId={alert.camera.id} name={alert.camera.name} />
          <figcaption>{alertsText.live}</figcaption>
        </figure>
      ) : null}
    </div>
  );
}
