import type { Alert } from '@sightline/client';
import { IconAlertHexagon, IconAlertTriangle, IconArrowBigUpLines, IconFlame, IconInfoCircle } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import styles from './severity_mark.module.css';

const ICONS = { info: IconInfoCircle, warning: IconAlertTriangle, error: IconAlertHexagon, critical: IconFlame };

/** How loud an alert is: colour, shape and word, because nothing important is only a colour. */
export function SeverityMark({ alert }: { alert: Alert }): ReactElement {
  const Mark = ICONS[alert.severity];
  return (
    <span className={styles.mark} data-severity={alert.severity}>
      <Mark size={14} stroke={2} aria-hidden />
      {text.severity[alert.severity]}
    </span>
  );
}

export function EscalationMark({ level }: { level: number | undefined }): ReactElement | null {
  if (level === undefined || level === 0) return null;
  return (
    <span className={styles.escalated}>
      <IconArrowBigUpLines size={14} stroke={2} aria-hidden />
      <span className={styles.word}>{alertsText.escalatedWord}</span> ×{level}
    </span>
  );
}
