/**
 * Keeps a device's pictures flowing: video first, single pictures where a network lets no video pass, and again after
 * every loss, 1, 1.5, 2.25 … 30 s later, or at once when the network changed.
 */
import type { Outgoing, OutgoingEvents, Problem, Way } from './problem.ts';

const FIRST_RETRY_MS = 1_000;
const RETRY_FACTOR = 1.5;
const LAST_RETRY_MS = 30_000;
/** Live for this long, the next loss begins with a short delay again. */
const STEADY_MS = 10_000;
/** A network that blocks video is not asked again for a while. */
const BLOCKED_MS = 5 * 60_000;

export interface Publishing {
  phase: 'off' | 'starting' | 'live' | 'waiting' | 'refused';
  way: Way;
  reason: string;
  retryAtMs: number | null;
}

export interface Route {
  begin: (way: Way, events: OutgoingEvents) => Outgoing;
  /** Why there is no sense in coming back after a loss: somebody else's pictures are there, say. */
  takenOver: () => Promise<string | null>;
}

const OFF: Publishing = { phase: 'off', way: 'webrtc', reason: '', retryAtMs: null };

export class Publisher {
  #route: Route | null = null;
  readonly #listeners = new Set<() => void>();
  #state = OFF;
  #outgoing: Outgoing | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #liveSinceMs = 0;
  #blockedUntilMs = 0;
  #turn = 0;

  readonly get = (): Publishing => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Publishes by this route from now on, whatever was before. */
  start(route: Route): void {
    this.#route = route;
    this.#failures = 0;
    this.#attempt();
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#outgoing?.stop();
    this.#outgoing = null;
    this.#route = null;
    this.#set(OFF);
  }

  /** Another network, or the page woke up: what runs may be dead, and what failed may work. */
  networkChanged(): void {
    if (this.#state.phase === 'off' || this.#state.phase === 'refused') return;
    this.#blockedUntilMs = 0;
    this.#failures = 0;
    this.#attempt();
  }

  retryNow(): void {
    if (this.#state.phase === 'waiting') this.#attempt();
  }

  #attempt(): void {
    clearTimeout(this.#timer);
    this.#outgoing?.drop();
    this.#turn += 1;
    const turn = this.#turn;
    const way: Way = Date.now() < this.#blockedUntilMs ? 'pictures' : 'webrtc';
    this.#set({ phase: 'starting', way, reason: this.#state.reason, retryAtMs: null });
    this.#outgoing = this.#route?.begin(way, {
      onLive: () => {
        if (turn !== this.#turn) return;
        this.#liveSinceMs = Date.now();
        this.#set({ phase: 'live', way, reason: '', retryAtMs: null });
      },
      onLost: (problem) => {
        if (turn === this.#turn) this.#lost(problem, way, turn);
      },
    }) ?? null;
  }

  #lost(problem: Problem, way: Way, turn: number): void {
    const wasLive = this.#state.phase === 'live';
    this.#outgoing = null;
    if (problem.kind === 'refused') {
      this.#set({ phase: 'refused', way, reason: problem.reason, retryAtMs: null });
      return;
    }
    if (problem.kind === 'blocked' && way === 'webrtc') {
      this.#blockedUntilMs = Date.now() + BLOCKED_MS;
      this.#attempt();
      return;
    }
    if (wasLive && Date.now() - this.#liveSinceMs >= STEADY_MS) this.#failures = 0;
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * RETRY_FACTOR ** this.#failures);
    this.#failures += 1;
    this.#set({ phase: 'waiting', way, reason: problem.reason, retryAtMs: Date.now() + delayMs });
    this.#timer = setTimeout(() => void this.#tryAgain(turn, wasLive), delayMs);
  }

  /** Two devices that took a camera from each other for ever would be worse than one that gives way. */
  async #tryAgain(turn: number, wasLive: boolean): Promise<void> {
    const by = wasLive ? await this.#route?.takenOver() : null;
    if (turn !== this.#turn) return;
    if (by === null || by === undefined) this.#attempt();
    else this.#set({ phase: 'refused', way: this.#state.way, reason: by, retryAtMs: null });
  }

  #set(state: Publishing): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}
