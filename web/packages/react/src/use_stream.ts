import type { Quality, SightlineClient, StreamRequest } from '@sightline/client';
import { useEffect, useRef, useState } from 'react';

import { useClient } from './use_sightline.ts';

/** A camera's stream as a component shows it. `url` plays in an `<img>`; it changes with every new connection. */
export interface StreamView {
  state: 'starting' | 'started' | 'failed';
  url: string | null;
  /** Why there is no stream, in plain words. */
  error: string | null;
}

const STARTING: StreamView = { state: 'starting', url: null, error: null };

/** How many components show a camera: the stream ends with the last of them. */
const holders = new WeakMap<SightlineClient, Map<string, number>>();

/**
 * A stream of a camera for as long as the component is mounted, restored after reconnections. Several components may
 * show one camera; they share its stream, in the quality that was asked for last.
 */
export function useStream(cameraId: string, quality: Quality = 'sd', rtspUrl?: string): StreamView {
  const client = useClient();
  const asked = useRef(quality);
  const [shown, setShown] = useState({ cameraId, view: STARTING });
  useEffect(() => {
    const show = (view: StreamView): void => {
      setShown({ cameraId, view });
    };
    const removals = [
      client.on('streamStarted', ({ camera_id, stream_url }) => {
        if (camera_id === cameraId) show({ state: 'started', url: stream_url, error: null });
      }),
      client.on('streamQuality', ({ camera_id, stream_url }) => {
        if (camera_id === cameraId) show({ state: 'started', url: stream_url, error: null });
      }),
      client.on('streamFailed', ({ camera_id, error, code }) => {
        if (camera_id === cameraId && code !== 'STOPPED') show({ state: 'failed', url: null, error });
      }),
    ];
    const request: StreamRequest = { camera_id: cameraId, quality: asked.current };
    if (rtspUrl !== undefined) request.rtsp_url = rtspUrl;
    hold(client, cameraId);
    client.startStream(request);
    return () => {
      for (const remove of removals) remove();
      if (release(client, cameraId)) client.stopStream(cameraId);
    };
  }, [client, cameraId, rtspUrl]);
  useEffect(() => {
    if (asked.current === quality) return;
    asked.current = quality;
    client.changeStreamQuality(cameraId, quality);
  }, [client, cameraId, quality]);
  return shown.cameraId === cameraId ? shown.view : STARTING;
}

function hold(client: SightlineClient, cameraId: string): void {
  const held = holders.get(client) ?? new Map<string, number>();
  holders.set(client, held.set(cameraId, (held.get(cameraId) ?? 0) + 1));
}

/** Whether nobody shows the camera any more. */
function release(client: SightlineClient, cameraId: string): boolean {
  const held = holders.get(client);
  const left = (held?.get(cameraId) ?? 1) - 1;
  if (left > 0) held?.set(cameraId, left);
  else held?.delete(cameraId);
  return left <= 0;
}
