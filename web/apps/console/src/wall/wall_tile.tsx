import { IconBellRinging } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import type { Camera } from '../api/types.ts';
import { text } from '../text/everywhere.ts';
import { wallText } from '../text/wall.ts';
import type { TileQuality } from './live_tile.tsx';
import { LiveTile } from './live_tile.tsx';
import { useCameraState } from './use_camera_state.ts';
import styles from './wall_tile.module.css';

const ALONE_FPS = 15;

interface WallTileProps {
  camera: Camera;
  alone: boolean;
  alerting: boolean;
  quality: TileQuality;
}

/** One camera on the wall, outlined while it has an open alert. */
export function WallTile({ camera, alone, alerting, quality }: WallTileProps): ReactElement {
  const { state } = useCameraState(camera.id);
  const { fps, analysed_fps } = camera.status;
  return (
    <li className={styles.tile} data-alerting={alerting || undefined} data-testid="wall-tile">
      <LiveTile cameraId={camera.id} name={camera.name} quality={quality} {...(alone ? { maxFps: ALONE_FPS } : {})} />
      <div className={styles.plate}>
        <span className={styles.lamp} data-state={state ?? 'connecting'} aria-hidden />
        <b>{camera.name}</b>
        {state === 'online' && fps > 0 ? <span className={styles.rate}>{wallText.rate(fps, analysed_fps)}</span> : null}
        {alerting ? (
          <span className={styles.alert}>
            <IconBellRinging size={14} stroke={2} aria-hidden />
            {wallText.openAlert}
          </span>
        ) : null}
      </div>
      {alone ? null : (
        <Link
          to={`/wall/${camera.id}`}
          className={styles.link}
          aria-label={wallText.tile(camera.name, state === null ? '' : text.cameraState[state])}
        />
      )}
    </li>
  );
}
