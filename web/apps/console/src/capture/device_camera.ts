import type { RefObject } from 'react';
import { useEffect, useState } from 'react';

const WANTED = { video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false };

/** Shows this device's camera in a `<video>` for as long as it is `on`; says why it cannot. */
export function useDeviceCamera(video: RefObject<HTMLVideoElement | null>, on: boolean): { ready: boolean; problem: Error | null } {
  const [state, setState] = useState<{ ready: boolean; problem: Error | null }>({ ready: false, problem: null });
  useEffect(() => {
    const element = video.current;
    if (!on || element === null) return undefined;
    let gone = false;
    let stream: MediaStream | null = null;
    const open = async (): Promise<void> => {
      try {
        // Browsers hide it from pages that did not come over HTTPS.
        if (!('mediaDevices' in navigator)) throw new Error('insecure');
        stream = await navigator.mediaDevices.getUserMedia(WANTED);
        if (gone) return;
        await show(element, stream);
        if (!gone) setState({ ready: true, problem: null });
      } catch (error) {
        // Whatever a browser's camera stumbles over, the person before it can only be told.
        if (!gone) setState({ ready: false, problem: error instanceof Error ? error : new Error(String(error)) });
      } finally {
        if (gone) stop(stream);
      }
    };
    void open();
    return () => {
      gone = true;
      stop(stream);
      void show(element, null);
      setState({ ready: false, problem: null });
    };
  }, [video, on]);
  return state;
}

/** Plays the stream in the element, or nothing. */
export async function show(video: HTMLVideoElement, stream: MediaStream | null): Promise<void> {
  video.srcObject = stream;
  if (stream !== null) await video.play();
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** What the camera shows just now, as a JPEG no wider or higher than `longest`; `null` before the first picture. */
export async function pictureOf(video: HTMLVideoElement, longest: number): Promise<Blob | null> {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return null;
  const scale = Math.min(1, longest / Math.max(videoWidth, videoHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/jpeg', 0.85);
  });
}
