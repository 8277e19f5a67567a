import { Session } from '../src/session.ts';
import type { Effect, SessionEvents, SessionOptions } from '../src/session_types.ts';

/** A session on a clock that only the test moves, with everything it ever asked for. */
export class Harness {
  readonly session: Session;
  readonly effects: Effect[] = [];
  nowMs = 1_000_000;

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new Session({ clientType: 'frontend', device: 'u.i.t', random: () => 0.5, ...options });
  }

  collect(): Effect[] {
    const effects = this.session.takeEffects();
    this.effects.push(...effects);
    return effects;
  }

  connect(): void {
    this.session.connect(this.nowMs);
  }

  receive(type: string, data: Record<string, unknown> = {}, id?: string): void {
    this.session.text(JSON.stringify({ type, data, ...(id === undefined ? {} : { id }) }), this.nowMs);
  }

  authenticate(answer: Record<string, unknown> = {}): void {
    this.session.opened(this.nowMs);
    this.session.identify('token', this.nowMs);
    this.receive('identification_success', { epoch: 'e1', offset: 0, mode: 'live', ...answer });
  }

  signIn(answer: Record<string, unknown> = {}): void {
    this.connect();
    this.authenticate(answer);
  }

  /** Runs the session's own timers for as long as `ms`. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let dueMs = this.session.nextTickAtMs(); dueMs !== null && dueMs <= endMs; dueMs = this.session.nextTickAtMs()) {
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.session.tick(this.nowMs);
    }
    this.nowMs = endMs;
  }

  sent(type: string): Record<string, unknown>[] {
    this.collect();
    return this.effects.flatMap((one) => (one.kind === 'send' && one.message.type === type ? [one.message.data] : []));
  }

  sentIds(type: string): (string | undefined)[] {
    this.collect();
    return this.effects.flatMap((one) => (one.kind === 'send' && one.message.type === type ? [one.message.id] : []));
  }

  events<Name extends keyof SessionEvents>(name: Name): SessionEvents[Name][] {
    this.collect();
    return this.effects.flatMap((one) =>
      one.kind === 'event' && one.event.name === name ? [one.event.value as SessionEvents[Name]] : [],
    );
  }

  count(kind: Effect['kind']): number {
    this.collect();
    return this.effects.filter((one) => one.kind === kind).length;
  }
}
