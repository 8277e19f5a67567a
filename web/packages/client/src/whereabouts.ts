import type { DutyStatus, Envelope, Location } from './messages.ts';

/** A position older than this is not said again: nobody can say that somebody is still there. */
const FIX_LIFE_MS = 120_000;

/** Whether the user is on duty, and where they are: said once, and again on every new connection. Pure. */
export class Whereabouts {
  #on: boolean | null = null;
  #saidAt: number | null = null;
  #dutyId: string | null = null;
  #location: { value: Location; atMs: number } | null = null;

  switch(on: boolean, id: string): Envelope {
    this.#on = on;
    this.#saidAt = null;
    this.#dutyId = id;
    return { type: 'duty', id, data: { on } };
  }

  /** `null`: nothing more is said. */
  locate(location: Location | null, nowMs: number): Envelope[] {
    this.#location = location === null ? null : { value: location, atMs: nowMs };
    return this.#located(nowMs);
  }

  /** What to say on a new connection. */
  begin(id: string, nowMs: number): Envelope[] {
    const said = this.#located(nowMs);
    if (this.#on !== null) {
      this.#dutyId = id;
      // With the time of the server's answer: what was said or scheduled since then stays as it is.
      const at = this.#saidAt === null ? {} : { at: this.#saidAt };
      said.push({ type: 'duty', id, data: { on: this.#on, ...at } });
    }
    return said;
  }

  /** The server's `duty_status`: what holds, also where somebody else said something newer. */
  answered(status: DutyStatus, id: string | undefined): void {
    if (id !== this.#dutyId) return;
    this.#on = status.on;
    this.#saidAt = status.at;
  }

  /** The server's `error`, perhaps the answer to `duty`: it is not said again. */
  refused(id: string): void {
    if (id !== this.#dutyId) return;
    this.#on = this.#saidAt = this.#dutyId = null;
  }

  #located(nowMs: number): Envelope[] {
    if (this.#location === null || nowMs - this.#location.atMs >= FIX_LIFE_MS) return [];
    return [{ type: 'location_update', data: { ...this.#location.value } }];
  }
}
