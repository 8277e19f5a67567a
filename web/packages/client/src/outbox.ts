import type { Recorded, Verdict } from './messages.ts';

/** `queued`: not on a connection yet · `sent`: handed to one · `recorded`: the server has it · `refused`: it said no. */
export type TapState = 'queued' | 'sent' | 'recorded' | 'refused';

/** Something a person decided about an alert. It stays here until the server has recorded it. */
export interface Tap {
  id: string;
  kind: 'ack' | 'decline';
  alertId: string;
  verdict: Verdict | null;
  reason: string | null;
  state: TapState;
  madeAtMs: number;
  sentAtMs: number | null;
  /** The server's words where it refused. */
  refusal: string | null;
}

/** Where unfinished taps survive a reload. The whole list is written each time; it is short. */
export interface OutboxStorage {
  load(): Tap[];
  save(taps: readonly Tap[]): void;
}

/** Keeps taps for as long as this object lives. */
export function memoryStorage(): OutboxStorage {
  let kept: Tap[] = [];
  return {
    load: () => kept,
    save: (taps) => {
      kept = [...taps];
    },
  };
}

/** How long a sent tap may go unanswered before it is sent again; recording the same tap twice is harmless. */
const ANSWER_WAIT_MS = 10_000;

/**
 * The taps that are not finished, in the order they were made. Pure: it returns what to send and changes no socket.
 *
 * A later tap on the same alert replaces an earlier one that has not left yet. An offline evening of tapping is the
 * bound: one tap an alert, and nothing is dropped.
 */
export class Outbox {
  #taps: Tap[];

  constructor(taps: readonly Tap[] = []) {
    this.#taps = taps.map((tap) => ({ ...tap, state: 'queued', sentAtMs: null }));
  }

  get taps(): readonly Tap[] {
    return this.#taps;
  }

  add(tap: Pick<Tap, 'id' | 'kind' | 'alertId' | 'verdict' | 'reason'>, nowMs: number): Tap {
    const added: Tap = { ...tap, state: 'queued', madeAtMs: nowMs, sentAtMs: null, refusal: null };
    this.#taps = [...this.#taps.filter((old) => old.alertId !== tap.alertId || old.state !== 'queued'), added];
    return added;
  }

  /** Taps to send now: those never sent on this connection, and those whose answer is overdue. They become `sent`. */
  takeDue(nowMs: number): Tap[] {
    const due = this.#taps.filter((tap) => isDue(tap, nowMs));
    this.#taps = this.#taps.map((tap) => (due.includes(tap) ? { ...tap, state: 'sent', sentAtMs: nowMs } : tap));
    return due;
  }

  /** The connection is gone: whatever was sent on it and not answered must be sent again. */
  connectionLost(): void {
    this.#taps = this.#taps.map((tap) => ({ ...tap, state: 'queued', sentAtMs: null }));
  }

  /** Finishes the tap that `recorded` answers, found by the id it was sent with; without id, by its alert. */
  finish(recorded: Recorded, id: string | undefined): Tap | null {
    const tap = this.#taps.find((one) => (id === undefined ? one.alertId === recorded.alert_id : one.id === id));
    if (tap === undefined) return null;
    this.#taps = this.#taps.filter((one) => one !== tap);
    return { ...tap, state: 'recorded' };
  }

  /** Takes out the tap that the server refused. */
  refuse(id: string, message: string): Tap | null {
    const tap = this.#taps.find((one) => one.id === id);
    if (tap === undefined) return null;
    this.#taps = this.#taps.filter((one) => one !== tap);
    return { ...tap, state: 'refused', refusal: message };
  }

  /** When the first unanswered tap is due again; `null` when nothing waits for an answer. */
  nextDueAtMs(): number | null {
    const sent = this.#taps.flatMap((tap) => (tap.sentAtMs === null ? [] : [tap.sentAtMs + ANSWER_WAIT_MS]));
    return sent.length === 0 ? null : Math.min(...sent);
  }
}

function isDue(tap: Tap, nowMs: number): boolean {
  return tap.sentAtMs === null || nowMs - tap.sentAtMs >= ANSWER_WAIT_MS;
}
