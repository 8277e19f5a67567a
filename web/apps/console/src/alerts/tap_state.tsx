import type { Tap } from '@sightline/client';
import { IconClockPause, IconExclamationCircle, IconSend } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { alertsText } from '../text/alerts.ts';
import styles from './tap_state.module.css';

const ICONS = { queued: IconClockPause, sent: IconSend, recorded: IconSend, refused: IconExclamationCircle };

/** Where a tap is on its way to the server: nobody should have to wonder whether it counted. */
export function TapState({ tap }: { tap: Tap | undefined }): ReactElement | null {
  if (tap === undefined) return null;
  const Mark = ICONS[tap.state];
  return (
    <span className={styles.tap} data-state={tap.state} role="status" title={tap.refusal ?? undefined}>
      <Mark size={15} stroke={1.9} aria-hidden />
      {alertsText.tap[tap.state]}
      {tap.refusal === null ? null : `: ${tap.refusal}`}
    </span>
  );
}
