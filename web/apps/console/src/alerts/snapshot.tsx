import type { Alert, Box } from '@sightline/client';
import type { CSSProperties, ReactElement } from 'react';

import { Picture } from '../pictures/picture.tsx';
import { alertsText } from '../text/alerts.ts';
import styles from './snapshot.module.css';

const PICTURE_RATIO = 16 / 9;

/** The frame that decided, with the deciding face outlined. */
export function Snapshot({ alert }: { alert: Alert }): ReactElement {
  const { width, height, bbox } = alert.why ?? {};
  const size = typeof width === 'number' && typeof height === 'number' && height > 0 ? { width, height } : null;
  return (
    <div className={styles.snapshot} style={{ aspectRatio: size === null ? PICTURE_RATIO : size.width / size.height }}>
      <Picture url={alert.snapshot_url} alt={alertsText.snapshotOf(alert.camera.name)} className={styles.picture} />
      {size !== null && isBox(bbox) ? <span className={styles.face} style={place(bbox, size)} aria-hidden /> : null}
    </div>
  );
}

function isBox(value: unknown): value is Box {
  return Array.isArray(value) && value.length === 4 && value.every((one) => typeof one === 'number');
}

function place([x1, y1, x2, y2]: Box, { width, height }: { width: number; height: number }): CSSProperties {
  const percent = (share: number): string => `${String(share * 100)}%`;
  return { left: percent(x1 / width), top: percent(y1 / height), width: percent((x2 - x1) / width), height: percent((y2 - y1) / height) };
}
