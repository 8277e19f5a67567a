import { useEffect, useState } from 'react';

import { request } from '../api/http.ts';
import type { Fix } from '../guard/position_store.ts';
import { isNews } from './place_news.ts';

const WATCH: PositionOptions = { enableHighAccuracy: true, maximumAge: 30_000, timeout: 20_000 };
const DECIMALS = 6;

export type OwnPlace = { phase: 'off' | 'asking' | 'unknown' } | { phase: 'told'; accuracyM: number };

/** Tells the server where this camera is, while `cameraId` is given. */
export function useOwnPlace(cameraId: string | null): OwnPlace {
  const [place, setPlace] = useState<OwnPlace | null>(null);
  useEffect(() => {
    if (cameraId === null) return undefined;
    let told: Fix | null = null;
    let gone = false;
    const tell = async (fix: Fix): Promise<void> => {
      const json = { latitude: Number(fix.latitude.toFixed(DECIMALS)), longitude: Number(fix.longitude.toFixed(DECIMALS)) };
      try {
        await request(`/api/cameras/${encodeURIComponent(cameraId)}`, { method: 'PATCH', json });
        if (!gone) setPlace({ phase: 'told', accuracyM: fix.accuracyM });
      } catch {
        told = null; // whatever kept it from the server, the next position is told instead
      }
    };
    const watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        const fix = { latitude: coords.latitude, longitude: coords.longitude, accuracyM: coords.accuracy, atMs: timestamp };
        if (!isNews(fix, told)) return;
        told = fix;
        void tell(fix);
      },
      () => {
        if (told === null) setPlace({ phase: 'unknown' });
      },
      WATCH,
    );
    return () => {
      gone = true;
      navigator.geolocation.clearWatch(watch);
      setPlace(null);
    };
  }, [cameraId]);
  return cameraId === null ? { phase: 'off' } : (place ?? { phase: 'asking' });
}
