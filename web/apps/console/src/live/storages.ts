import type { OutboxStorage, Position, PositionStorage, Tap } from '@sightline/client';

/** Taps survive a reload, and the browser being closed, until the server has recorded them. */
export function tapStorage(storage: Storage, device: string): OutboxStorage {
  const key = `sightline.taps.${device}`;
  return {
    load: () => read<Tap[]>(storage, key) ?? [],
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
