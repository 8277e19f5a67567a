import { useSightline } from '@sightline/react';
import type { RefObject } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { LivePicture } from '../video/live_picture.ts';
import type { Painted } from '../video/painter.ts';
import type { Quality, Way } from '../video/player.ts';

export interface Shown {
  /** What the newest picture shows; `null` before the first. */
  painted: Painted | null;
  /** How the pictures come; `null` before the first. */
  way: Way | null;
}

export interface LiveWish {
  visible: boolean;
  /** Whether video is worth its while; else there are pictures, `maxFps` a second. */
  video: boolean;
  quality: Quality;
  maxFps: number;
}

const NOTHING: Shown = { painted: null, way: null };

/** Paints a camera on a canvas while that is visible. */
export function useLivePicture(
  cameraId: string, canvas: RefObject<HTMLCanvasElement | null>, { visible, video, quality, maxFps }: LiveWish,
): Shown {
  const { client } = useSightline();
  const [shown, setShown] = useState(NOTHING);
  const picture = useRef<LivePicture | null>(null);
  const wanted = useRef(quality);
  useEffect(() => {
    wanted.current = quality;
    picture.current?.show(quality);
  }, [quality]);
  useEffect(() => {
    const target = canvas.current;
    if (target === null || !visible) return undefined;
    let ended = false;
    const begin = async (): Promise<void> => {
      const [{ LivePicture: Picture }, { memory, videoWays }] = await Promise.all([
        import('../video/live_picture.ts'),
        import('../video/ways.ts'),
      ]);
      if (ended) return;
      picture.current = new Picture(
        {
          cameraId,
          source: client,
          canvas: target,
          video: video ? videoWays(cameraId) : [],
          jpegFps: maxFps,
          memory,
          onPainted: (painted) => {
            setShown((before) => ({ ...before, painted }));
          },
          onWay: (way) => {
            setShown((before) => (before.way === way ? before : { ...before, way }));
          },
        },
        wanted.current,
      );
    };
    void begin();
    return () => {
      ended = true;
      picture.current?.stop();
      picture.current = null;
    };
  }, [client, cameraId, canvas, visible, video, maxFps]);
  return shown;
}
