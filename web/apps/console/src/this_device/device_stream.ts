import { useCallback, useEffect, useRef, useState } from 'react';

export type Facing = 'environment' | 'user';
export type CameraProblem = 'denied' | 'none' | 'busy' | 'insecure' | 'other';

export type DeviceStream =
  | { phase: 'off' | 'asking' }
  | { phase: 'on'; stream: MediaStream; track: MediaStreamTrack; facing: Facing; canTurn: boolean }
  | { phase: 'failed'; problem: CameraProblem };

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 20, max: 30 } };

const PROBLEMS: Record<string, CameraProblem> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** What a browser means by refusing its camera. */
export function problemOfCamera(error: unknown): CameraProblem {
  return (error instanceof Error ? PROBLEMS[error.name] : undefined) ?? 'other';
}

export interface DeviceCamera {
  camera: DeviceStream;
  turnOn: (facing: Facing) => void;
  turnOff: () => void;
}

/** This device's camera, off until somebody turns it on; off again when the page is left. */
export function useDeviceStream(): DeviceCamera {
  const [camera, setCamera] = useState<DeviceStream>({ phase: 'off' });
  const current = useRef<MediaStream | null>(null);
  const turn = useRef(0);
  const letGo = useCallback(() => {
    turn.current += 1;
    for (const track of current.current?.getTracks() ?? []) track.stop();
    current.current = null;
  }, []);
  useEffect(() => letGo, [letGo]);
  const turnOff = useCallback(() => {
    letGo();
    setCamera({ phase: 'off' });
  }, [letGo]);
  const turnOn = useCallback(
    (facing: Facing) => {
      letGo(); // most phones have one camera open at a time
      const mine = turn.current;
      setCamera({ phase: 'asking' });
      const shown = (found: DeviceStream): void => {
        if (mine === turn.current) setCamera(found);
      };
      open(facing, (stream) => {
        if (mine !== turn.current) return false;
        current.current = stream;
        return true;
      }, () => {
        shown({ phase: 'failed', problem: 'busy' });
      }).then(shown, (error: unknown) => {
        shown({ phase: 'failed', problem: problemOfCamera(error) });
      });
    },
    [letGo],
  );
  return { camera, turnOn, turnOff };
}

async function open(facing: Facing, keep: (stream: MediaStream) => boolean, onEnded: () => void): Promise<DeviceStream> {
  // Browsers hide cameras from pages that did not come encrypted.
  if (!('mediaDevices' in navigator)) return { phase: 'failed', problem: 'insecure' };
  const stream = await navigator.mediaDevices.getUserMedia({ video: { ...SIZE, facingMode: facing }, audio: false });
  const [track] = stream.getVideoTracks();
  if (track === undefined || !keep(stream)) {
    for (const one of stream.getTracks()) one.stop();
    return { phase: 'off' };
  }
  track.onended = onEnded; // pulled out, or taken away by the person
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
  const got = track.getSettings().facingMode;
  return { phase: 'on', stream, track, facing: got === 'user' || got === 'environment' ? got : facing, canTurn: cameras.length > 1 };
}
