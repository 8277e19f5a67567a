import type { ReactElement } from 'react';

import { alertsText } from '../text/alerts.ts';
import { similarityFigure } from './describe.ts';
import styles from './similarity.module.css';

/** In words and as a number. */
export function SimilarityWords({ value }: { value: number }): ReactElement {
  return (
    <span className={styles.words}>
      {alertsText.match(value)} <b className="figure">{similarityFigure(value)}</b>
    </span>
  );
}

/** The same with a scale; the tick is the model's threshold, 0.5 by definition. */
export function SimilarityScale({ value }: { value: number }): ReactElement {
  return (
    <div className={styles.scale}>
      <div className={styles.line}>
        <span>{alertsText.match(value)}</span>
        <b className="figure">{similarityFigure(value)}</b>
      </div>
      <div className={styles.track} aria-hidden>
        <span style={{ width: `${String(Math.min(Math.max(value, 0), 1) * 100)}%` }} />
      </div>
    </div>
  );
}
