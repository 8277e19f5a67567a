import type { Crowd, DetectedObject, Face } from '@sightline/client';

import { text } from '../text/everywhere.ts';
import { asBox, drawBoxes, drawFaces } from '../wall/boxes.ts';
import type { Observations } from './observations.ts';

/** What a painted picture shows. */
export interface Painted {
  faces: readonly Face[];
  objects: readonly DetectedObject[];
  crowd: Crowd | null;
}

/** Draws pictures of one camera on a canvas, each with the boxes of its own time, never with those of another. */
export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #observations: Observations;
  readonly #onPainted: (painted: Painted) => void;
  #told: object | null | undefined = undefined;

  constructor(canvas: HTMLCanvasElement, observations: Observations, onPainted: (painted: Painted) => void) {
    this.#canvas = canvas;
    this.#observations = observations;
    this.#onPainted = onPainted;
  }

  /** Paints a picture of `width` × `height` px, captured at `atMs`; of one without a time nothing is known. */
  paint(picture: CanvasImageSource, width: number, height: number, atMs: number | null): void {
    const context = this.#canvas.getContext('2d');
    if (context === null || width === 0) return;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    context.drawImage(picture, 0, 0, width, height);
    const seen = atMs === null ? null : this.#observations.at(atMs);
    // What else a model knows, furniture say, would only cover the picture.
    const objects = seen?.objects.filter(({ label }) => label in text.things) ?? [];
    if (seen !== null) {
      drawBoxes(context, objects.map(asBox), seen, this.#canvas.clientWidth);
      drawFaces(context, seen.faces, seen, this.#canvas.clientWidth);
    }
    const of = seen?.of ?? null;
    if (of === this.#told) return;
    this.#told = of;
    this.#onPainted({ faces: seen?.faces ?? [], objects, crowd: seen?.crowd ?? null });
  }
}
