import type { PointerEvent, ReactElement } from 'react';

import type { Point } from '../api/view_types.ts';
import { text } from '../text/everywhere.ts';
import { centreOf, inwards } from './shapes.ts';
import styles from './stage.module.css';
import type { Shape } from './view_draft.ts';

const ARROW_PX = 30;
const HEAD_PX = 9;

interface ShapeOutlineProps {
  shape: Shape;
  name: string;
  px: (point: Point) => Point;
  chosen: boolean;
  wrong: boolean;
  opaque: boolean;
  onPress: (event: PointerEvent) => void;
}

/** A zone, mask or line over the picture, with its name; a line with the arrow of its direction. */
export function ShapeOutline({ shape, name, px, chosen, wrong, opaque, onPress }: ShapeOutlineProps): ReactElement {
  const points = shape.points.map(px);
  const path = points.map((point) => point.join()).join(' ');
  const [x, y] = centreOf(points);
  return (
    <g
      className={styles.shape}
      data-kind={shape.kind}
      data-chosen={chosen || undefined}
      data-wrong={wrong || undefined}
      data-opaque={opaque || undefined}
      data-testid={`shape-${shape.kind}`}
      onPointerDown={onPress}
    >
      {shape.kind === 'line' ? (
        <>
          <polyline points={path} className={styles.reach} />
          <polyline points={path} className={styles.under} />
          <polyline points={path} className={styles.line} />
          <Arrow points={points} />
        </>
      ) : (
        <>
          <polygon points={path} className={styles.under} />
          <polygon points={path} className={styles.area} />
        </>
      )}
      {opaque ? null : (
        <text x={x} y={shape.kind === 'zone' ? Math.min(...points.map(([, top]) => top)) + 20 : shape.kind === 'line' ? y - 14 : y} textAnchor="middle" aria-hidden>
          {name}
        </text>
      )}
    </g>
  );
}

function Arrow({ points: [start, end] }: { points: readonly Point[] }): ReactElement | null {
  if (start === undefined || end === undefined) return null;
  const [fromX, fromY] = centreOf([start, end]);
  const [x, y] = inwards(start, end, ARROW_PX);
  const angle = (Math.atan2(y - fromY, x - fromX) * 180) / Math.PI;
  const head = `0,0 ${String(-HEAD_PX)},${String(-HEAD_PX * 0.6)} ${String(-HEAD_PX)},${String(HEAD_PX * 0.6)}`;
  const [wordX, wordY] = inwards(start, end, ARROW_PX + 13);
  return (
    <g className={styles.arrow} aria-hidden>
      <line x1={fromX} y1={fromY} x2={x} y2={y} />
      <polygon points={head} transform={`translate(${String(x)} ${String(y)}) rotate(${String(angle)})`} />
      <text x={wordX} y={wordY + 4} textAnchor="middle">
        {text.directions.in}
      </text>
    </g>
  );
}
