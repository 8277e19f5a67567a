import type { AlertCamera } from '@sightline/client';
import { IconArrowNarrowUp, IconMapPin, IconRoute } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { guardText } from '../text/guard.ts';
import { bearingDeg, distanceM, distanceWords, octant } from './geo.ts';
import styles from './guard_card.module.css';
import { useDevicePosition } from './position_store.ts';

/** Nearer than this, or than the fix is good for, a direction would be a guess. */
const HERE_M = 15;

/** Where the camera is: by name, and how far in which direction from here. */
export default function WayThere({ camera }: { camera: AlertCamera }): ReactElement {
  const { latitude, longitude } = camera;
  const placed = latitude !== null && longitude !== null;
  return (
    <div className={styles.way}>
      <IconMapPin size={20} stroke={1.7} aria-hidden />
      <div className={styles.where}>
        <b>{camera.name}</b>
        {placed ? <Distance to={{ latitude, longitude }} /> : <span>{guardText.noPlace}</span>}
      </div>
      {placed ? (
        <a className={styles.route} href={`geo:${String(latitude)},${String(longitude)}?q=${String(latitude)},${String(longitude)}`}>
          <IconRoute size={20} stroke={1.7} aria-hidden />
          <span className="visually-hidden">{guardText.directionsTo}</span>
        </a>
      ) : null}
    </div>
  );
}

function Distance({ to }: { to: { latitude: number; longitude: number } }): ReactElement {
  const { state, fix } = useDevicePosition();
  if (fix === null) return <span>{state === 'off' ? guardText.distanceOffDuty : guardText.noDistance}</span>;
  const metres = distanceM(fix, to);
  const accuracy = Math.round(fix.accuracyM);
  if (metres < Math.max(HERE_M, Math.min(fix.accuracyM, 60))) return <span className={styles.far}>{guardText.here}</span>;
  const bearing = bearingDeg(fix, to);
  return (
    <span className={styles.far} title={guardText.accuracy(accuracy)} data-testid="distance">
      {guardText.toThere(distanceWords(metres), guardText.directions[octant(bearing)] ?? '')}
      <IconArrowNarrowUp size={20} stroke={2} style={{ rotate: `${String(Math.round(bearing))}deg` }} aria-hidden />
    </span>
  );
}
