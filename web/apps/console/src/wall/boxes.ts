import type { Box, DetectedObject, Face } from '@sightline/client';

import { boxLabel, identityOf, objectName } from './identity.ts';

/** A preview has no room for words. */
const NARROWEST_WITH_LABELS_PX = 240;

const COLOURS = { known: '#4fd1c0', unknown: '#f0bd5a', pending: '#c3ced8' };
const DASHES = { known: [], unknown: [9, 6], pending: [2, 5] };
const OBJECT_COLOUR = '#9db7ff';

/** An object as a box with its name. */
export function asBox({ bbox, label }: DetectedObject): LabelledBox {
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
