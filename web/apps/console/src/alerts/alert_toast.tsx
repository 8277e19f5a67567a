import type { Alert } from '@sightline/client';
import type { ReactElement } from 'react';

import { Picture } from '../pictures/picture.tsx';
import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import styles from './alert_toast.module.css';
import { headline, isAboutPerson, typeName } from './describe.ts';

/** An alert in one glance, over whatever page is open. */
export function AlertToast({ alert }: { alert: Alert }): ReactElement {
  const name = headline(alert);
  return (
    <div className={styles.toast} data-severity={alert.severity}>
      {isAboutPerson(alert) ? <Picture url={alert.probe_url} alt={alertsText.probeOf(name)} className={styles.face} /> : null}
      <div>
        <span className={styles.severity}>{text.severity[alert.severity]}</span>
        <strong className={styles.name}>{name}</strong>
        <span className={styles.where}>{alertsText.arrived(typeName(alert), alert.camera.name)}</span>
      </div>
    </div>
  );
}
