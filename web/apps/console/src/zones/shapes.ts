/** Points, polygons and lines of a picture. Pure; points are shares of its width and height. */
import type { Point } from '../api/view_types.ts';

export const MAX_CORNERS = 32;
const SHORTEST_LINE = 0.02;
const SMALLEST_AREA = 1e-9;

const share = (value: number): number => Math.round(Math.min(Math.max(value, 0), 1) * 10_000) / 10_000;

/** The point, within the picture. */
export function inside([x, y]: Point): Point {
  return [share(x), share(y)];
}

export function moveCorner(points: readonly Point[], index: number, to: Point): Point[] {
  return points.map((point, at) => (at === index ? inside(to) : point));
}

/** A new corner after the one at `index`. */
export function insertCorner(points: readonly Point[], index: number, at: Point): Point[] {
  return [...points.slice(0, index + 1), inside(at), ...points.slice(index + 1)];
}

export function removeCorner(points: readonly Point[], index: number): Point[] {
  return points.filter((_, at) => at !== index);
}

/** All of it moved together, as far as the picture goes. */
export function moveShape(points: readonly Point[], [dx, dy]: Point): Point[] {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const byX = Math.min(Math.max(dx, -Math.min(...xs)), 1 - Math.max(...xs));
  const byY = Math.min(Math.max(dy, -Math.min(...ys)), 1 - Math.max(...ys));
  return points.map(([x, y]) => inside([x + byX, y + byY]));
}

export function middleOf([ax, ay]: Point, [bx, by]: Point): Point {
  return [(ax + bx) / 2, (ay + by) / 2];
}

export function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce<Point>(([x, y], [px, py]) => [x + px, y + py], [0, 0]);
  return [sum[0] / Math.max(points.length, 1), sum[1] / Math.max(points.length, 1)];
}

export function isLongEnough([start, end]: readonly Point[]): boolean {
  if (start === undefined || end === undefined) return false;
  return Math.abs(start[0] - end[0]) + Math.abs(start[1] - end[1]) >= SHORTEST_LINE;
}

/** Where `in` leads to, seen from the middle of a line: to the right of the way from its start to its end. Pixels. */
export function inwards(start: Point, end: Point, length: number): Point {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const long = Math.hypot(dx, dy) || 1;
  const [x, y] = middleOf(start, end);
  return [x - (dy / long) * length, y + (dx / long) * length];
}

/** Whether a polygon has an area, and edges that meet at its corners only; the server asks for the same. */
export function isSimple(polygon: readonly Point[]): boolean {
  const edges = polygon.map((point, at): [Point, Point] => [point, polygon[(at + 1) % polygon.length] ?? point]);
  const area = edges.reduce((sum, [a, b]) => sum + a[0] * b[1] - b[0] * a[1], 0);
  if (edges.length < 3 || Math.abs(area) < SMALLEST_AREA) return false;
  return edges.every(([a, b], at) => {
    if (a[0] === b[0] && a[1] === b[1]) return false;
    return edges.slice(at + 1).every(([c, d], offset) => {
      const other = at + 1 + offset;
      if (other === at + 1) return !isOn(b, a, d) && !isOn(b, d, a);
      if (at === 0 && other === edges.length - 1) return !isOn(a, b, c) && !isOn(a, c, b);
      return !meet(a, b, c, d);
    });
  });
}

function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function isOn(a: Point, b: Point, [x, y]: Point): boolean {
  return (
    Math.abs(turn(a, b, [x, y])) < 1e-12 &&
    Math.min(a[0], b[0]) <= x && x <= Math.max(a[0], b[0]) &&
    Math.min(a[1], b[1]) <= y && y <= Math.max(a[1], b[1])
  );
}

function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  if (turn(a, b, c) > 0 !== turn(a, b, d) > 0 && turn(c, d, a) > 0 !== turn(c, d, b) > 0) return true;
  return isOn(a, b, c) || isOn(a, b, d) || isOn(c, d, a) || isOn(c, d, b);
}
