const TICKS_PER_MS = 90;

/** When the pictures of an RTP stream were captured, from one timestamp of which that is known. */
export class RtpClock {
  #rtp: number | null = null;
  #atMs = 0;

  /** The picture with this RTP timestamp was captured at `atMs`. */
  set(rtp: number, atMs: number): void {
    this.#rtp = rtp;
    this.#atMs = atMs;
  }

  /** When the picture with this timestamp was captured; `null` while nothing is known. */
  at(rtp: number): number | null {
    if (this.#rtp === null) return null;
    const ticks = (rtp - this.#rtp) | 0; // timestamps have 32 bits, and begin again every 13 hours
    const atMs = this.#atMs + ticks / TICKS_PER_MS;
    if (ticks > 2 ** 30) this.set(rtp, atMs);
    return Math.round(atMs);
  }
}
