import type { Crowd } from '@sightline/client';
import { useSightline } from '@sightline/react';
import { IconPlugConnectedX, IconUsers, IconVideo, IconVideoOff } from '@tabler/icons-react';
import type { ReactElement, RefObject } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { CameraState } from '../api/types.ts';
import { text } from '../text/everywhere.ts';
import { wallText } from '../text/wall.ts';
import type { Painted } from './frame_painter.ts';
import { FramePainter } from './frame_painter.ts';
import { boxLabel, objectName } from './identity.ts';
import styles from './live_tile.module.css';
import { useCameraState } from './use_camera_state.ts';
import { useVisible } from './use_visible.ts';

interface LiveTileProps {
  cameraId: string;
  name: string;
  maxFps?: number;
}

const TILE_FPS = 8;

/** A camera's picture with its boxes; where there is none, the reason. */
export function LiveTile({ cameraId, name, maxFps = TILE_FPS }: LiveTileProps): ReactElement {
  const tile = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const visible = useVisible(tile);
  const { seen, crowd } = useFrames(cameraId, canvas, visible, maxFps);
  const { state, reason } = useCameraState(cameraId);
  const connected = useSightline().connection.status === 'authenticated';
  const away = !connected || (state !== null && state !== 'online') || seen === null;
  return (
    <div ref={tile} className={styles.tile} data-testid="tile" data-camera={cameraId} data-live={!away || undefined}>
      <canvas ref={canvas} className={styles.canvas} role="img" aria-label={wallText.picture(name)} />
      <span className="visually-hidden">
        {seen === null || seen === '' ? wallText.nobody : wallText.seeing(seen)}
      </span>
      {away || crowd === null ? null : <CrowdChip crowd={crowd} />}
      {away ? <Away state={state} reason={reason} connected={connected} /> : null}
    </div>
  );
}

/** Paints while visible; returns who is in view (`null` before the first picture). */
function useFrames(
  cameraId: string, canvas: RefObject<HTMLCanvasElement | null>, visible: boolean, maxFps: number,
): { seen: string | null; crowd: Crowd | null } {
  const { client } = useSightline();
  const [seen, setSeen] = useState<string | null>(null);
  const [crowd, setCrowd] = useState<Crowd | null>(null);
  useEffect(() => {
    if (canvas.current === null || !visible) return undefined;
    const painter = new FramePainter(canvas.current, (painted) => {
      setSeen(namesOf(painted));
      if (painted.crowd !== null) setCrowd(painted.crowd);
    });
    const ends = [
      client.on('faces', (result) => {
        if (result.camera_id === cameraId) painter.result(result);
      }),
      client.on('detections', (result) => {
        if (result.camera_id === cameraId) painter.objects(result);
      }),
      client.on('frame', (frame) => {
        if (frame.camera_id === cameraId) painter.frame(frame);
      }),
      client.subscribeCamera(cameraId, { frames: true, maxFps }),
    ];
    return () => {
      for (const end of ends) end();
      painter.stop();
    };
  }, [client, cameraId, canvas, visible, maxFps]);
  return { seen, crowd };
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
