import { SegmentedControl } from '@mantine/core';
import { useSightline } from '@sightline/react';
import { IconCameraOff } from '@tabler/icons-react';
import type { ReactElement, RefObject } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { Rotation } from '../api/types.ts';
import { show } from '../capture/device_camera.ts';
import { deviceText } from '../text/this_device.ts';
import { boxLabel, objectName } from '../wall/identity.ts';
import { text } from '../text/everywhere.ts';
import type { CameraProblem, DeviceStream, Facing } from './device_stream.ts';
import type { Publishing } from './publisher.ts';
import { SeenPainter } from './seen_painter.ts';
import styles from './this_device.module.css';

interface FinderProps {
  video: RefObject<HTMLVideoElement | null>;
  camera: DeviceStream;
  /** Where this device publishes to; `null` while it does not. */
  cameraId: string | null;
  /** By how much the server turns what this device shows it. */
  rotation: Rotation;
  phase: Publishing['phase'];
  onTurn: (facing: Facing) => void;
}

/** What the camera shows; on air, what the server sees in it. */
export function Finder({ video, camera, cameraId, rotation, phase, onTurn }: FinderProps): ReactElement {
  const live = phase === 'live';
  const canvas = useRef<HTMLCanvasElement>(null);
  const stream = camera.phase === 'on' ? camera.stream : null;
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    // Leaving the page interrupts it, which is no fault of anybody.
    show(element, stream).catch(() => undefined);
  }, [video, stream]);
  const seen = useSeen(cameraId, live, rotation, video, canvas);
  return (
    <div
      className={styles.finder}
      data-on-air={(cameraId !== null && phase !== 'refused') || undefined}
      data-turned={(seen !== null && rotation !== 0) || undefined}
      data-testid="finder"
    >
      <video ref={video} muted playsInline aria-label={deviceText.preview} hidden={camera.phase !== 'on'} />
      <canvas ref={canvas} hidden={seen === null} role="img" aria-label={deviceText.seen(seen ?? '')} data-testid="seen" />
      {cameraId === null ? null : (
        <span className={styles.sign} data-live={live || undefined} data-testid="on-air">
          <i aria-hidden />
          {deviceText.phases[phase === 'off' ? 'starting' : phase]}
        </span>
      )}
      {camera.phase === 'on' && camera.canTurn ? (
        <SegmentedControl
          className={styles.turn ?? ''}
          aria-label={deviceText.facing}
          data={(['environment', 'user'] as const).map((one) => ({ value: one, label: deviceText.facings[one] }))}
          value={camera.facing}
          onChange={onTurn}
        />
      ) : null}
      {camera.phase === 'asking' ? <p className={styles.asking}>{deviceText.asking}</p> : null}
      {camera.phase === 'failed' ? <Refused problem={camera.problem} /> : null}
    </div>
  );
}

function Refused({ problem }: { problem: CameraProblem }): ReactElement {
  const { title, hint } = deviceText.problems[problem];
  return (
    <div className={styles.refused} role="alert" data-problem={problem}>
      <IconCameraOff size={30} stroke={1.4} aria-hidden />
      <b>{title}</b>
      <span>{hint}</span>
    </div>
  );
}

/** Paints while on air; who the server sees, in words, `null` before its first result. */
function useSeen(
  cameraId: string | null, live: boolean, rotation: Rotation, video: RefObject<HTMLVideoElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
): string | null {
  const { client } = useSightline();
  const [seen, setSeen] = useState<string | null>(null);
  useEffect(() => {
    if (cameraId === null || !live || video.current === null || canvas.current === null) return undefined;
    let heard = false;
    const painter = new SeenPainter(video.current, canvas.current, rotation, (result) => {
      if (!heard) return;
      const faces = result?.faces?.faces.map((face) => boxLabel({ ...face, similarity: null }).slice(2)) ?? [];
      const things = result?.objects?.detections.filter(({ label }) => label in text.things).map(({ label }) => objectName(label)) ?? [];
      setSeen([...new Set([...faces, ...things])].sort().join(', '));
    });
    const onOwnClock = (timestamp: number): number => timestamp - client.clockSkewMs;
    const ends = [
      client.on('faces', (faces) => {
        if (faces.camera_id !== cameraId) return;
        heard = true;
        painter.result(onOwnClock(faces.timestamp), { faces });
      }),
      client.on('detections', (objects) => {
        if (objects.camera_id !== cameraId) return;
        heard = true;
        painter.result(onOwnClock(objects.timestamp), { objects });
      }),
      client.subscribeCamera(cameraId, {}),
    ];
    return () => {
      for (const end of ends) end();
      painter.stop();
      setSeen(null);
    };
  }, [client, cameraId, live, rotation, video, canvas]);
  return seen;
}
