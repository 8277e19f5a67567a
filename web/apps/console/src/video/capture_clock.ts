const KEPT = 512;
/** Media times are given as seconds in a float, and frames are at least this far apart. */
const TOLERANCE_S = 0.004;

interface Mark {
  mediaS: number;
  atMs: number;
}

/** When the pictures of a video were captured: from their time in the video to milliseconds since the epoch. */
export class CaptureClock {
  #marks: Mark[] = [];

  /** The picture at `mediaS` seconds of the video was captured at `atMs`. Marks come in the order of the video. */
  mark(mediaS: number, atMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && mediaS <= last.mediaS) this.#marks = []; // another video
    this.#marks.push({ mediaS, atMs });
    if (this.#marks.length > KEPT) this.#marks.splice(0, KEPT / 2);
  }

  /** When the picture at `mediaS` was captured; `null` where nothing is known of it. */
  at(mediaS: number): number | null {
    const index = this.#marks.findLastIndex((mark) => mark.mediaS <= mediaS + TOLERANCE_S);
    const mark = this.#marks[index];
    if (mark === undefined) return null;
    const exact = Math.abs(mark.mediaS - mediaS) <= TOLERANCE_S;
    return exact ? mark.atMs : Math.round(mark.atMs + (mediaS - mark.mediaS) * 1000);
  }

  clear(): void {
    this.#marks = [];
  }
}

const NTP_EPOCH_S = 2_208_988_800;
const TICKS_PER_S = 90_000;

/** Time in the video and of capture that a fragment's `prft` box states (ISO/IEC 14496-12, 8.16.5); `null` without one. */
export function referenceTime(fragment: ArrayBuffer): { mediaS: number; atMs: number } | null {
  if (fragment.byteLength < 32) return null;
  const box = new DataView(fragment);
  const isReference = box.getUint32(4) === 0x70_72_66_74 && box.getUint8(8) === 1;
  if (!isReference) return null;
  const atMs = (box.getUint32(16) - NTP_EPOCH_S) * 1000 + Math.round((box.getUint32(20) * 1000) / 2 ** 32);
  return { mediaS: Number(box.getBigUint64(24)) / TICKS_PER_S, atMs };
}
