import type { Fix } from './position_store.ts';
import { distanceM } from './geo.ts';

/** A fix counts at the server for two minutes: it is told well before that, and at once when one has moved. */
const AT_LEAST_EVERY_MS = 45_000;
const AT_MOST_EVERY_MS = 5_000;
const MOVED_M = 15;

/** Whether the server should hear of `fix`, when `last` is what it heard last and when. */
export function isWorthTelling(fix: Fix, last: { fix: Fix; toldAtMs: number } | null, nowMs: number): boolean {
  if (last === null) return true;
  const since = nowMs - last.toldAtMs;
  if (since < AT_MOST_EVERY_MS) return false;
  return since >= AT_LEAST_EVERY_MS || distanceM(fix, last.fix) >= MOVED_M;
}
