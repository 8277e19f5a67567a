import type { Way } from './player.ts';

const FORGOTTEN_AFTER_MS = 5 * 60_000;

/** Which ways do not reach the server from here: a wall of cameras need not find out once for each. */
export class WayMemory {
  readonly #blocked = new Map<Way, number>();

  blocked(way: Way, nowMs: number): void {
    this.#blocked.set(way, nowMs + FORGOTTEN_AFTER_MS);
  }

  isBlocked(way: Way, nowMs: number): boolean {
    return nowMs < (this.#blocked.get(way) ?? 0);
  }

  /** Another network: everything may be different. */
  forget(): void {
    this.#blocked.clear();
  }
}
