import type { Box, Crowd, DetectedObject, DetectionResult, Face, FaceResult, Frame } from '@sightline/client';

import { text } from '../text/everywhere.ts';
import { boxLabel, identityOf, objectName } from './identity.ts';

/** Results wait here for the picture they belong to; the gateway sends them just before it. */
const KEPT_RESULTS = 6;

/** A preview has no room for words. */
const NARROWEST_WITH_LABELS_PX = 240;

const COLOURS = { known: '#4fd1c0', unknown: '#f0bd5a', pending: '#c3ced8' };
const DASHES = { known: [], unknown: [9, 6], pending: [2, 5] };
const OBJECT_COLOUR = '#9db7ff';

/** What a painted picture shows. */
export interface Painted {
  faces: readonly Face[];
  objects: readonly DetectedObject[];
  crowd: Crowd | null;
}

/**
 * Draws one camera on a canvas: each picture with the boxes of the same `frame_id`, never with those of another.
 *
 * Decoding is the browser's, off the main thread. While one picture is decoded the newest waits and older ones are
 * dropped: a slow device falls behind in rate, not in time.
 */
export class FramePainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #onPainted: (painted: Painted) => void;
  readonly #results = new Map<number, FaceResult>();
  readonly #objects = new Map<number, DetectionResult>();
  #waiting: Frame | null = null;
  #decoding = false;
  #stopped = false;

  constructor(canvas: HTMLCanvasElement, onPainted: (painted: Painted) => void) {
    this.#canvas = canvas;
    this.#onPainted = onPainted;
  }

  result(result: FaceResult): void {
    keep(this.#results, result);
  }

  objects(result: DetectionResult): void {
    keep(this.#objects, result);
  }

  frame(frame: Frame): void {
    this.#waiting = frame;
    if (!this.#decoding) void this.#decodeNewest();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting = null;
  }

  async #decodeNewest(): Promise<void> {
    this.#decoding = true;
    while (this.#waiting !== null) {
      const frame: Frame = this.#waiting;
      this.#waiting = null;
      try {
        const picture = await createImageBitmap(new Blob([frame.jpeg], { type: 'image/jpeg' }));
        if (!this.#stopped) this.#paint(frame, picture);
        picture.close();
      } catch (error) {
        // A JPEG that cannot be decoded is one picture less; the next comes in a moment.
        if (!(error instanceof DOMException)) throw error;
      }
    }
    this.#decoding = false;
  }

  #paint(frame: Frame, picture: ImageBitmap): void {
    const context = this.#canvas.getContext('2d');
    if (context === null) return;
    if (this.#canvas.width !== picture.width || this.#canvas.height !== picture.height) {
      this.#canvas.width = picture.width;
      this.#canvas.height = picture.height;
    }
    context.drawImage(picture, 0, 0);
    const faces = this.#results.get(frame.frame_id)?.faces ?? [];
    const seen = this.#objects.get(frame.frame_id);
    // What else a model knows, furniture say, would only cover the picture.
    const objects = seen?.detections.filter(({ label }) => label in text.things) ?? [];
    if (seen !== undefined) drawBoxes(context, objects.map(asBox), seen, this.#canvas.clientWidth);
    drawFaces(context, faces, frame, this.#canvas.clientWidth);
    this.#onPainted({ faces, objects, crowd: seen?.crowd_analysis ?? null });
  }
}

function keep<Result extends { frame_id: number }>(results: Map<number, Result>, result: Result): void {
  results.set(result.frame_id, result);
  for (const id of results.keys()) {
    if (results.size <= KEPT_RESULTS) break;
    results.delete(id);
  }
}

function asBox({ bbox, label }: DetectedObject): LabelledBox {
  return { bbox, words: objectName(label), colour: OBJECT_COLOUR, dash: [] };
}

type DrawnFace = Pick<Face, 'bbox' | 'identity' | 'is_known' | 'name' | 'similarity' | 'live'>;

/** A box in pixels of some size, and what stands over it. */
export interface LabelledBox {
  bbox: Box;
  words: string;
  colour: string;
  dash: readonly number[];
}

/** Draws faces given in pixels of `size` over a picture that may be smaller. */
export function drawFaces(
  context: CanvasRenderingContext2D, faces: readonly DrawnFace[], size: { width: number; height: number }, shownWidth: number,
): void {
  const boxes = faces.map((face): LabelledBox => {
    const identity = identityOf(face);
    return { bbox: face.bbox, words: boxLabel(face), colour: COLOURS[identity], dash: DASHES[identity] };
  });
  drawBoxes(context, boxes, size, shownWidth);
}

/** Draws boxes given in pixels of `size` over a picture that may be smaller. `shownWidth` keeps lines and words legible. */
export function drawBoxes(
  context: CanvasRenderingContext2D, boxes: readonly LabelledBox[], size: { width: number; height: number }, shownWidth: number,
): void {
  const { width, height } = context.canvas;
  const zoom = shownWidth > 0 ? width / shownWidth : 1;
  const fontPx = Math.max(13, Math.min(17, shownWidth / 34)) * zoom;
  context.textBaseline = 'middle';
  context.font = `600 ${String(fontPx)}px "Geist Variable", system-ui, sans-serif`;
  context.lineJoin = 'round';
  for (const { bbox, words, colour, dash } of boxes) {
    const [left, top, right, bottom] = [
      (bbox[0] * width) / size.width,
      (bbox[1] * height) / size.height,
      (bbox[2] * width) / size.width,
      (bbox[3] * height) / size.height,
    ];
    outline(context, left, top, right - left, bottom - top, colour, dash.map((one) => one * zoom), zoom);
    if (shownWidth >= NARROWEST_WITH_LABELS_PX && words !== '') label(context, words, left, top, fontPx, colour, zoom);
  }
}

function outline(
  context: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string, dash: number[], zoom: number,
): void {
  context.setLineDash([]);
  context.strokeStyle = 'rgba(0, 0, 0, 0.55)';
  context.lineWidth = 4.5 * zoom;
  context.strokeRect(x, y, w, h);
  context.setLineDash(dash);
  context.strokeStyle = colour;
  context.lineWidth = 2.25 * zoom;
  context.strokeRect(x, y, w, h);
}

function label(
  context: CanvasRenderingContext2D, words: string, left: number, top: number, fontPx: number, colour: string, zoom: number,
): void {
  const height = fontPx * 1.55;
  const width = context.measureText(words).width + fontPx * 0.9;
  const x = Math.max(0, Math.min(left - zoom, context.canvas.width - width));
  const y = top - height < 0 ? top : top - height;
  context.setLineDash([]);
  context.fillStyle = colour;
  context.fillRect(x, y, width, height);
  context.fillStyle = '#06110f';
  context.fillText(words, x + fontPx * 0.45, y + height / 2);
}
