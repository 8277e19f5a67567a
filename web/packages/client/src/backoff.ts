const FIRST_DELAY_MS = 1_000;
const GROWTH = 1.5;
const LONGEST_DELAY_MS = 30_000;

/**
 * How long to wait before reconnection `attempt` (0 is the first): 1, 1.5, 2.25 … 30 s, spread by ±`jitter`.
 *
 * `random` is uniform in [0, 1). The spread keeps a thousand clients of a restarted server from coming back as one.
 */
export function retryDelayMs(attempt: number, random: number, jitter = 0.5): number {
  const exact = Math.min(FIRST_DELAY_MS * GROWTH ** Math.min(attempt, 64), LONGEST_DELAY_MS);
  return spread(exact, random, jitter);
}

/** `exactMs`, anywhere within ±`jitter` of it. */
export function spread(exactMs: number, random: number, jitter = 0.5): number {
  return Math.round(exactMs * (1 - jitter + 2 * jitter * random));
}
