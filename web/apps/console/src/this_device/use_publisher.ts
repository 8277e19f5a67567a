import type { RefObject } from 'react';
import { useEffect, useState, useSyncExternalStore } from 'react';

import { ApiError, request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { deviceText } from '../text/this_device.ts';
import { publishByPictures } from './picture_push.ts';
import type { Publishing } from './publisher.ts';
import { Publisher } from './publisher.ts';
import { publishByWebRtc } from './whip_session.ts';

interface Sources {
  cameraId: string | null;
  track: MediaStreamTrack | null;
  video: RefObject<HTMLVideoElement | null>;
}

const OWN_LAST_PICTURE_MS = 4_500;

/** Publishes while there is a camera to publish to and a track to publish; begins again when either changes. */
export function usePublisher({ cameraId, track, video }: Sources): { publishing: Publishing; retryNow: () => void } {
  const [publisher] = useState(() => new Publisher());
  useEffect(() => {
    const element = video.current;
    if (cameraId === null || track === null || element === null) return undefined;
    publisher.start({
      begin: (way, events) =>
        way === 'webrtc' ? publishByWebRtc(cameraId, track, events) : publishByPictures(cameraId, element, events),
      takenOver: () => takenOver(cameraId),
    });
    const end = listenToNetwork(() => {
      publisher.networkChanged();
    });
    return () => {
      end();
      publisher.stop();
    };
  }, [publisher, cameraId, track, video]);
  const publishing = useSyncExternalStore(publisher.subscribe, publisher.get);
  return {
    publishing,
    retryNow: () => {
      publisher.retryNow();
    },
  };
}

/** Why not to try again: another device's pictures are there, or the camera is gone. */
async function takenOver(cameraId: string): Promise<string | null> {
  try {
    const online = async (): Promise<boolean> =>
      (await request<Camera>(`/api/cameras/${encodeURIComponent(cameraId)}`)).status.state === 'online';
    if (!(await online())) return null;
    // Just after a loss the camera may still be online by our own last picture.
    await new Promise((resolve) => setTimeout(resolve, OWN_LAST_PICTURE_MS));
    return (await online()) ? deviceText.another : null;
  } catch (error) {
    return error instanceof ApiError && error.status === 404 ? deviceText.gone : null;
  }
}

/** Another network: Wi-Fi left, the mobile network took over. Browsers say it in two ways, some of them in one. */
function listenToNetwork(onChange: () => void): () => void {
  const connection = 'connection' in navigator ? (navigator.connection as EventTarget & { type?: string }) : null;
  let type = connection?.type;
  const onEstimate = (): void => {
    if (connection?.type === type) return; // its speed was measured anew, no more
    type = connection?.type;
    onChange();
  };
  window.addEventListener('online', onChange);
  connection?.addEventListener('change', onEstimate);
  return () => {
    window.removeEventListener('online', onChange);
    connection?.removeEventListener('change', onEstimate);
  };
}
