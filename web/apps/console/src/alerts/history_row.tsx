import type { Alert } from '@sightline/client';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { text } from '../text/everywhere.ts';
import { Clock } from '../times/time.tsx';
import { headline, typeName } from './describe.ts';
import { Faces } from './faces.tsx';
import styles from './history_page.module.css';
import { SeverityMark } from './severity_mark.tsx';
import { SimilarityWords } from './similarity.tsx';

export function HistoryRow({ alert }: { alert: Alert }): ReactElement {
  const state = alert.state ?? 'open';
  return (
    <li className={styles.row} data-testid="history-row">
      <Faces alert={alert} />
      <div className={styles.what}>
        <Link to={`/alerts/${alert.alert_id}`}>{headline(alert)}</Link>
        <span>
          <SeverityMark alert={alert} /> {typeName(alert)}
        </span>
      </div>
      <div className={styles.where}>
        <b>{alert.camera.name}</b>
        <Clock at={alert.timestamp} />
      </div>
      <div className={styles.score}>{typeof alert.similarity === 'number' ? <SimilarityWords value={alert.similarity} /> : null}</div>
      <div className={styles.state} data-state={state}>
        <b>
          {text.alertState[state]}
          {alert.verdict ? ` · ${text.verdict[alert.verdict]}` : ''}
        </b>
        {alert.by ? <span>{alert.by}</span> : null}
      </div>
    </li>
  );
}
