import type { OutboxStorage, Position, PositionStorage, Tap } from '@sightline/client';

/**
 * Taps survive a reload, and the browser being closed, until the server has recorded them.
 *
 * Each tab keeps its own under its device's name. One that was closed comes back as another device: so whoever starts
 * takes over what its user left on this browser. Where that tab still lives, a tap is sent twice, which is harmless.
 */
export function tapStorage(storage: Storage, device: string): OutboxStorage {
  const ofUser = `sightline.taps.${device.slice(0, device.lastIndexOf('.') + 1)}`;
  const key = `sightline.taps.${device}`;
  return {
    load: () => {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter((one) => one.startsWith(ofUser));
      const taps = keys.flatMap((one) => read<Tap[]>(storage, one) ?? []);
      for (const one of keys) storage.removeItem(one);
      if (taps.length > 0) storage.setItem(key, JSON.stringify(taps));
      return taps;
    },
    save: (taps) => {
      if (taps.length === 0) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify(taps));
    },
  };
}

/** What this user declined survives a reload: an alert that one cannot take must not ask again. */
export function declineStorage(storage: Storage, userId: string): { load: () => string[]; save: (declined: readonly string[]) => void } {
  const key = `sightline.declined.${userId}`;
  return {
    load: () => read<string[]>(storage, key) ?? [],
    save: (declined) => {
      storage.setItem(key, JSON.stringify(declined));
    },
  };
}

/** The place in the alert log survives a reload. */
export function positionStorage(storage: Storage, device: string): PositionStorage {
  const key = `sightline.position.${device}`;
  return {
    load: () => read<Position>(storage, key),
    save: (position) => {
      storage.setItem(key, JSON.stringify(position));
    },
  };
}

function read<Value>(storage: Storage, key: string): Value | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as Value | null;
  } catch {
    return null;
  }
}
