import { distanceM } from '../guard/geo.ts';
import type { Fix } from '../guard/position_store.ts';

const MOVED_M = 50;
const INTERVAL_MS = 30_000;

/** Whether a position is news for the server: the first one, or one elsewhere that is not told too soon. */
export function isNews(fix: Fix, told: Fix | null): boolean {
  if (told === null) return true;
  return fix.atMs - told.atMs >= INTERVAL_MS && distanceM(fix, told) > Math.max(MOVED_M, fix.accuracyM);
}
