import type { DetectionResult, FaceResult } from '@sightline/client';

import type { Rotation } from '../api/types.ts';
import { text } from '../text/everywhere.ts';
import type { LabelledBox } from '../wall/boxes.ts';
import { drawBoxes, drawFaces } from '../wall/boxes.ts';
import { objectName } from '../wall/identity.ts';

const KEPT_MS = 2_500;
const INTERVAL_MS = 1_000 / 15;
const LONGEST_PX = 640;
/** Before anything is known of the way to the server and back. */
const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 1_500;
/** How much of a new delay counts, when it is shorter than the last ones. */
const SHORTER_SHARE = 0.05;
/** A result stands for so long; after that nobody knows where its people are. */
const RESULT_MS = 700;
const OBJECT_COLOUR = '#9db7ff';

export interface Timed {
  atMs: number;
}

/** The last of `items`, in the order of their times, that is not after `atMs`. */
export function lastUntil<Item extends Timed>(items: readonly Item[], atMs: number): Item | null {
  let found: Item | null = null;
  for (const item of items) {
    if (item.atMs > atMs) break;
    found = item;
  }
  return found;
}

/**
 * How far behind now a preview is painted, so that what the server saw of a picture is here when the picture is shown.
 * Longer ways count at once, shorter ones slowly.
 */
export function nextDelay(delayMs: number, tookMs: number): number {
  const wanted = Math.min(MAX_DELAY_MS, Math.max(0, tookMs));
  return wanted >= delayMs ? wanted : delayMs + (wanted - delayMs) * SHORTER_SHARE;
}

interface Shown extends Timed {
  picture: ImageBitmap;
}

interface Seen extends Timed {
  faces: FaceResult | null;
  objects: DetectionResult | null;
}

/**
 * Paints what a camera saw a moment ago, with what the server found in just that picture: the preview waits for its
 * boxes instead of the boxes running behind the people.
 */
export class SeenPainter {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #rotation: Rotation;
  readonly #onSeen: (seen: Seen | null) => void;
  #pictures: Shown[] = [];
  #results: Seen[] = [];
  #painted: Shown | null = null;
  #delayMs = FIRST_DELAY_MS;
  #takenAtMs = 0;
  #taking = false;
  #frame = 0;
  #stopped = false;

  /** `rotation`: by how much the server turns the pictures, clockwise; they are painted as it sees them. */
  constructor(video: HTMLVideoElement, canvas: HTMLCanvasElement, rotation: Rotation, onSeen: (seen: Seen | null) => void) {
    this.#video = video;
    this.#canvas = canvas;
    this.#rotation = rotation;
    this.#onSeen = onSeen;
    this.#frame = requestAnimationFrame(this.#tick);
  }

  /** What the server found in the picture that the camera took at `atMs` by this device's clock. */
  result(atMs: number, result: { faces?: FaceResult; objects?: DetectionResult }): void {
    this.#delayMs = nextDelay(this.#delayMs, Date.now() - atMs);
    let seen = this.#results.find((one) => one.atMs === atMs);
    if (seen === undefined) {
      seen = { atMs, faces: null, objects: null };
      this.#results = [...this.#results, seen].sort((one, other) => one.atMs - other.atMs);
    }
    seen.faces = result.faces ?? seen.faces;
    seen.objects = result.objects ?? seen.objects;
  }

  stop(): void {
    this.#stopped = true;
    cancelAnimationFrame(this.#frame);
    for (const { picture } of this.#pictures) picture.close();
    this.#pictures = [];
  }

  readonly #tick = (): void => {
    const nowMs = Date.now();
    if (!this.#taking && nowMs - this.#takenAtMs >= INTERVAL_MS) void this.#take(nowMs);
    this.#forget(nowMs - KEPT_MS);
    const shown = lastUntil(this.#pictures, nowMs - this.#delayMs);
    if (shown !== null && shown !== this.#painted) this.#paint(shown);
    this.#frame = requestAnimationFrame(this.#tick);
  };

  async #take(nowMs: number): Promise<void> {
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0) return;
    this.#taking = true;
    this.#takenAtMs = nowMs;
    const scale = Math.min(1, LONGEST_PX / Math.max(videoWidth, videoHeight));
    try {
      const picture = await createImageBitmap(this.#video, { resizeWidth: Math.round(videoWidth * scale), resizeHeight: Math.round(videoHeight * scale) });
      if (this.#stopped) picture.close();
      else this.#pictures.push({ atMs: nowMs, picture });
    } catch (error) {
      // A camera that is just being turned has no picture; the next comes in a moment.
      if (!(error instanceof DOMException)) throw error;
    }
    this.#taking = false;
  }

  #forget(beforeMs: number): void {
    while (this.#pictures[0] !== undefined && this.#pictures[0].atMs < beforeMs) this.#pictures.shift()?.picture.close();
    this.#results = this.#results.filter(({ atMs }) => atMs >= beforeMs);
  }

  #paint(shown: Shown): void {
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    this.#painted = shown;
    const { picture, atMs } = shown;
    const lies = this.#rotation % 180 !== 0;
    const [width, height] = lies ? [picture.height, picture.width] : [picture.width, picture.height];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    context.save();
    context.translate(width / 2, height / 2);
    context.rotate((this.#rotation * Math.PI) / 180);
    context.drawImage(picture, -picture.width / 2, -picture.height / 2);
    context.restore();
    const seen = lastUntil(this.#results, atMs);
    const current = seen !== null && atMs - seen.atMs <= RESULT_MS ? seen : null;
    if (current !== null) this.#draw(context, current);
    this.#onSeen(current);
  }

  #draw(context: CanvasRenderingContext2D, { faces, objects }: Seen): void {
    const width = this.#canvas.clientWidth;
    const things = objects?.detections.filter(({ label }) => label in text.things) ?? [];
    const boxes = things.map(({ bbox, label }): LabelledBox => ({ bbox, words: objectName(label), colour: OBJECT_COLOUR, dash: [] }));
    if (objects !== null) drawBoxes(context, boxes, objects, width);
    if (faces !== null) drawFaces(context, faces.faces, faces, width);
  }
}
