import type { QuietPeriod } from '../api/types.ts';

/** The periods that keep this camera quiet at `nowMs`, the one that lasts longest first. */
export function quietNow(periods: readonly QuietPeriod[], cameraId: string, nowMs: number): QuietPeriod[] {
  return periods
    .filter(({ camera_id, from_ms, until_ms }) => (camera_id === null || camera_id === cameraId) && from_ms <= nowMs && nowMs < until_ms)
    .sort((a, b) => b.until_ms - a.until_ms);
}
