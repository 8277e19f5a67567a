import { useElementSize, useMergedRef } from '@mantine/hooks';
import type { Crowd } from '@sightline/client';
import { useSightline } from '@sightline/react';
import { IconPlugConnectedX, IconUsers, IconVideo, IconVideoOff } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useRef } from 'react';

import type { CameraState } from '../api/types.ts';
import { text } from '../text/everywhere.ts';
import { wallText } from '../text/wall.ts';
import type { Painted } from '../video/painter.ts';
import type { Quality, Way } from '../video/player.ts';
import { boxLabel, objectName } from './identity.ts';
import styles from './live_tile.module.css';
import { useCameraState } from './use_camera_state.ts';
import { useLivePicture } from './use_live_picture.ts';
import { useVisible } from './use_visible.ts';

/** `auto`: as good as the size of the tile is worth; `pictures`: no video. */
export type TileQuality = Quality | 'auto' | 'pictures';

interface LiveTileProps {
  cameraId: string;
  name: string;
  /** Pictures a second where there is no video. */
  maxFps?: number;
  quality?: TileQuality;
}

const TILE_FPS = 8;
const WIDEST_THUMBNAIL_PX = 240;
const WIDEST_SD_PX = 1100;

/** A camera's picture with its boxes; where there is none, the reason. */
export function LiveTile({ cameraId, name, maxFps = TILE_FPS, quality = 'auto' }: LiveTileProps): ReactElement {
  const tile = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { ref: measured, width } = useElementSize<HTMLDivElement>();
  const merged = useMergedRef(tile, measured);
  const visible = useVisible(tile);
  const { state, reason } = useCameraState(cameraId);
  const connected = useSightline().connection.status === 'authenticated';
  const online = connected && (state === null || state === 'online');
  const { painted, way } = useLivePicture(cameraId, canvas, {
    visible,
    video: online && quality !== 'pictures',
    quality: quality === 'auto' || quality === 'pictures' ? worthOf(width * window.devicePixelRatio) : quality,
    maxFps,
  });
  const seen = painted === null ? null : namesOf(painted);
  const away = !online || way === null;
  return (
    <div ref={merged} className={styles.tile} data-testid="tile" data-camera={cameraId} data-live={!away || undefined} data-way={way ?? undefined}>
      <canvas ref={canvas} className={styles.canvas} role="img" aria-label={wallText.picture(name)} />
      <span className="visually-hidden">
        {seen === null || seen === '' ? wallText.nobody : wallText.seeing(seen)}
      </span>
      {away || painted?.crowd == null ? null : <CrowdChip crowd={painted.crowd} />}
      {away || quality === 'pictures' ? null : <WayChip way={way} />}
      {away ? <Away state={state} reason={reason} connected={connected} /> : null}
    </div>
  );
}

function worthOf(widthPx: number): Quality {
  if (widthPx === 0) return 'sd'; // not measured yet
  if (widthPx <= WIDEST_THUMBNAIL_PX) return 'thumbnail';
  return widthPx <= WIDEST_SD_PX ? 'sd' : 'hd';
}

/** How the picture comes, small, for whoever wonders why it is late or rough. */
function WayChip({ way }: { way: Way }): ReactElement {
  return (
    <span className={styles.way} data-testid="way" title={wallText.ways[way].why}>
      {wallText.ways[way].name}
    </span>
  );
}

/** Without the figures, which change with every frame: this is read aloud. */
function namesOf({ faces, objects }: Painted): string {
  const named = faces.map((face) => boxLabel({ ...face, similarity: null }).slice(2));
  const things = objects.filter(({ label }) => label !== 'person').map(({ label }) => objectName(label));
  return [...new Set([...named, ...things])].sort().join(', ');
}

/** How many people there are, once there is more than one. */
function CrowdChip({ crowd }: { crowd: Crowd }): ReactElement | null {
  const count = Math.max(crowd.face_count, crowd.body_count);
  if (count < 2) return null;
  return (
    <span className={styles.crowd} data-level={crowd.crowd_level}>
      <IconUsers size={14} stroke={2} aria-hidden />
      {count} <em>{text.crowdLevels[crowd.crowd_level]}</em>
    </span>
  );
}

function Away({ state, reason, connected }: { state: CameraState | null; reason: string; connected: boolean }): ReactElement {
  const waiting = connected && (state === 'online' || state === 'connecting' || state === null);
  const Mark = !connected ? IconPlugConnectedX : waiting ? IconVideo : IconVideoOff;
  const title = !connected ? wallText.disconnected : state === null || state === 'online' ? wallText.waiting : text.cameraState[state];
  return (
    <div className={styles.away} data-waiting={waiting || undefined}>
      <Mark size={30} stroke={1.3} aria-hidden />
      <b>{title}</b>
      {connected && reason !== '' && state !== 'online' ? <span>{reason}</span> : null}
    </div>
  );
}
