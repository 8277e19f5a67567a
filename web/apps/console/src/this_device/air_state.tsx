import { Button } from '@mantine/core';
import type { ReactElement } from 'react';

import { deviceText } from '../text/this_device.ts';
import { useNow } from '../times/clock.ts';
import type { OwnPlace } from './own_place.ts';
import type { Publishing } from './publisher.ts';
import styles from './this_device.module.css';

interface AirStateProps {
  publishing: Publishing;
  place: OwnPlace;
  awake: boolean;
  onRetry: () => void;
}

/** How the pictures travel, or why they do not; where the server thinks this device is; whether the screen stays on. */
export function AirState({ publishing, place, awake, onRetry }: AirStateProps): ReactElement {
  const { phase, way, reason } = publishing;
  return (
    <div className={styles.air} data-phase={phase} data-way={way} data-testid="air-state">
      <b role="status">{deviceText.phases[phase]}</b>
      {phase === 'live' ? <span>{deviceText.ways[way]}</span> : null}
      {phase !== 'live' && reason !== '' ? <span>{reason}</span> : null}
      {publishing.retryAtMs === null ? null : <Retry atMs={publishing.retryAtMs} onRetry={onRetry} />}
      <Place place={place} />
      {phase === 'refused' ? null : <span>{awake ? deviceText.awake : deviceText.mayLock}</span>}
    </div>
  );
}

function Retry({ atMs, onRetry }: { atMs: number; onRetry: () => void }): ReactElement {
  const seconds = Math.max(0, Math.ceil((atMs - useNow(500)) / 1_000));
  return (
    <span className={styles.retry}>
      {deviceText.retryIn(seconds)}
      <Button size="xs" variant="default" onClick={onRetry}>
        {deviceText.retryNow}
      </Button>
    </span>
  );
}

function Place({ place }: { place: OwnPlace }): ReactElement | null {
  if (place.phase === 'off') return null;
  if (place.phase === 'told') return <span>{deviceText.located(place.accuracyM)}</span>;
  return <span>{place.phase === 'asking' ? deviceText.locating : deviceText.notLocated}</span>;
}
