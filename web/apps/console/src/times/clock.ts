import { useSyncExternalStore } from 'react';

const TICK_MS = 500;

let nowMs = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    nowMs = Date.now();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
}

/** The present, rounded down to `everyMs`; the component renders again only when that changes. One timer serves all. */
export function useNow(everyMs = 1_000): number {
  return useSyncExternalStore(subscribe, () => {
    if (timer === null) nowMs = Date.now();
    return Math.floor(nowMs / everyMs) * everyMs;
  });
}
