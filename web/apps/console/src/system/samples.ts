import type { System } from '../api/types.ts';

const KEPT_SAMPLES = 300;

export interface Sample {
  atMs: number;
  p50Ms: number;
  p99Ms: number;
  /** Percent; `null` while no engine is connected. */
  load: number | null;
}

/** The last ten minutes of figures, oldest first. */
export function keepSample(samples: readonly Sample[], system: System, nowMs: number): Sample[] {
  const { p50_ms, p99_ms } = system.event_loop;
  const load = system.engine.load === null ? null : system.engine.load * 100;
  return [...samples, { atMs: nowMs, p50Ms: p50_ms, p99Ms: p99_ms, load }].slice(-KEPT_SAMPLES);
}
