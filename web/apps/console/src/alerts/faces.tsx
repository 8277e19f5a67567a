import type { Alert } from '@sightline/client';
import { IconBellRinging, IconUserOff, IconVideoOff } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { Picture } from '../pictures/picture.tsx';
import { alertsText } from '../text/alerts.ts';
import { headline, isAboutPerson } from './describe.ts';
import styles from './faces.module.css';

/** What stands for an alert about no face; a camera's own otherwise. */
const MARKS: Record<string, typeof IconVideoOff> = { test: IconBellRinging, nobody_on_duty: IconUserOff };

/** The face that was seen beside the one that is enrolled: the comparison that a person has to make. */
export function Faces({ alert, large = false }: { alert: Alert; large?: boolean }): ReactElement {
  if (!isAboutPerson(alert)) {
    if (alert.probe_url) return <Picture url={alert.probe_url} alt={alertsText.snapshotOf(alert.camera.name)} className={styles.machine} />;
    const Mark = MARKS[alert.type] ?? IconVideoOff;
    return (
      <span className={styles.machine} aria-hidden>
        <Mark stroke={1.4} />
      </span>
    );
  }
  const name = headline(alert);
  return (
    <span className={styles.pair} data-large={large || undefined}>
      <span className={styles.one}>
        <Picture url={alert.probe_url} alt={alertsText.probeOf(name)} className={styles.face} />
        {large ? <span className={styles.caption}>{alertsText.probe}</span> : null}
      </span>
      <span className={styles.one}>
        <Picture
          url={alert.reference_url}
          alt={alertsText.referenceOf(name)}
          missing={alertsText.noReference}
          className={styles.face}
        />
        {large ? <span className={styles.caption}>{alertsText.reference}</span> : null}
      </span>
    </span>
  );
}
