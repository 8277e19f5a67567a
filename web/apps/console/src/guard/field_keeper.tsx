import { useSightline } from '@sightline/react';
import { useEffect, useRef } from 'react';

import { useOwnDutyState } from './own_duty.ts';
import type { Fix } from './position_store.ts';
import { devicePosition, useDevicePosition } from './position_store.ts';
import { isWorthTelling } from './sending.ts';

/** Shares the position of a phone while its owner is on duty, whatever page is open, and never otherwise. */
export default function FieldKeeper(): null {
  const onDuty = useOwnDutyState().data?.on_duty === true;
  const { client } = useSightline();
  const { fix } = useDevicePosition();
  const told = useRef<{ fix: Fix; toldAtMs: number } | null>(null);
  useEffect(() => {
    if (!onDuty) return undefined;
    void devicePosition.start();
    return () => {
      devicePosition.stop();
      client.locate(null);
      told.current = null;
    };
  }, [client, onDuty]);
  useEffect(() => {
    if (fix === null || !isWorthTelling(fix, told.current, Date.now())) return;
    told.current = { fix, toldAtMs: Date.now() };
    client.locate({ latitude: fix.latitude, longitude: fix.longitude, accuracy_m: fix.accuracyM });
  }, [client, fix]);
  return null;
}
