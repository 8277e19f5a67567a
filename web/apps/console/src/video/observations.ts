import type { Box, Crowd, DetectedObject, DetectionResult, Face, FaceResult } from '@sightline/client';

const KEPT = 64;
/** For so long an observation holds after its frame, when none follows it. */
const HOLD_MS = 1000;
/** Observations further apart than this say nothing about what was between them. */
const LONGEST_GAP_MS = 1500;

/** What is seen in a picture of `width` × `height` px. */
export interface Seen {
  width: number;
  height: number;
  faces: readonly Face[];
  objects: readonly DetectedObject[];
  crowd: Crowd | null;
  /** The same value for as long as nothing but the places of the boxes changes. */
  of: object;
}

interface Tracked {
  bbox: Box;
  track_id: string | null;
}

/**
 * What was observed of one camera lately, by the time at which the frame was captured.
 *
 * Pictures are shown later than they are captured, and more of them than are analysed: each gets the boxes of its own
 * time. Between two observations a box moves with its track.
 */
export class Observations {
  readonly #faces: FaceResult[] = [];
  readonly #objects: DetectionResult[] = [];

  addFaces(result: FaceResult): void {
    insert(this.#faces, result);
  }

  addObjects(result: DetectionResult): void {
    insert(this.#objects, result);
  }

  /** What the picture shows that was captured at `atMs`; `null` where nothing was observed then. */
  at(atMs: number): Seen | null {
    const faces = around(this.#faces, atMs);
    const objects = around(this.#objects, atMs);
    const size = faces?.before ?? objects?.before;
    if (size === undefined) return null;
    return {
      width: size.width,
      height: size.height,
      faces: faces === null ? [] : moved(faces.before.faces, faces.after?.faces ?? [], faces.share),
      objects: objects === null ? [] : moved(objects.before.detections, objects.after?.detections ?? [], objects.share),
      crowd: objects?.before.crowd_analysis ?? null,
      of: size,
    };
  }

  /** The time of the newest observation, 0 before the first. */
  get newestMs(): number {
    return Math.max(this.#faces.at(-1)?.timestamp ?? 0, this.#objects.at(-1)?.timestamp ?? 0);
  }
}

function insert<Result extends { timestamp: number }>(results: Result[], result: Result): void {
  const index = results.findLastIndex((one) => one.timestamp <= result.timestamp);
  results.splice(index + 1, 0, result);
  if (results.length > KEPT) results.splice(0, results.length - KEPT);
}

interface Around<Result> {
  before: Result;
  after: Result | null;
  /** How far from `before` to `after`, 0 to 1. */
  share: number;
}

function around<Result extends { timestamp: number }>(results: readonly Result[], atMs: number): Around<Result> | null {
  const index = results.findLastIndex((one) => one.timestamp <= atMs);
  const before = results[index];
  const after = results[index + 1];
  if (before === undefined) return null;
  if (after === undefined) return atMs - before.timestamp <= HOLD_MS ? { before, after: null, share: 0 } : null;
  const gapMs = after.timestamp - before.timestamp;
  if (gapMs > LONGEST_GAP_MS) return atMs - before.timestamp <= HOLD_MS ? { before, after: null, share: 0 } : null;
  return { before, after, share: (atMs - before.timestamp) / gapMs };
}

function moved<One extends Tracked>(before: readonly One[], after: readonly One[], share: number): readonly One[] {
  if (share === 0) return before;
  return before.map((one) => {
    const then = one.track_id === null ? undefined : after.find(({ track_id }) => track_id === one.track_id);
    return then === undefined ? one : { ...one, bbox: between(one.bbox, then.bbox, share) };
  });
}

function between(from: Box, to: Box, share: number): Box {
  const at = (index: 0 | 1 | 2 | 3): number => from[index] + (to[index] - from[index]) * share;
  return [at(0), at(1), at(2), at(3)];
}
