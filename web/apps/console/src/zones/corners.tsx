import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';

import type { Point } from '../api/view_types.ts';
import { zonesText } from '../text/zones.ts';
import { MAX_CORNERS, middleOf, moveCorner, removeCorner } from './shapes.ts';
import styles from './stage.module.css';
import type { Shape } from './view_draft.ts';

const STEP = 0.005;
const LONG_STEP = 0.05;
const STEPS: Readonly<Record<string, Point>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FEWEST = { zone: 3, mask: 3, line: 2 };

interface CornersProps {
  shape: Shape;
  name: string;
  px: (point: Point) => Point;
  chosen: number | null;
  onPress: (index: number, event: PointerEvent) => void;
  onPressBetween: (index: number, at: Point, event: PointerEvent) => void;
  onFocus: (index: number) => void;
  onPoints: (points: Point[], tag: string | null) => void;
}

export function mayLoseCorner(shape: Shape): boolean {
  return shape.points.length > FEWEST[shape.kind];
}

/** The corners of the chosen shape, to drag or to move with the arrow keys; between two of them a new one begins. */
export function Corners({ shape, name, px, chosen, onPress, onPressBetween, onFocus, onPoints }: CornersProps): ReactElement {
  const { points } = shape;
  const between = shape.kind === 'line' || points.length >= MAX_CORNERS ? [] : points;
  const press = (index: number) => (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const [x, y] = points[index] ?? [0, 0];
    if (step !== undefined) {
      const far = event.shiftKey ? LONG_STEP : STEP;
      onPoints(moveCorner(points, index, [x + step[0] * far, y + step[1] * far]), `keys-${shape.key}-${String(index)}`);
    } else if ((event.key === 'Delete' || event.key === 'Backspace') && mayLoseCorner(shape)) {
      onPoints(removeCorner(points, index), null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <g>
      {between.map((point, index) => {
        const at = middleOf(point, points[(index + 1) % points.length] ?? point);
        const [cx, cy] = px(at);
        return (
          <g
            key={`between-${String(index)}`}
            className={styles.between}
            onPointerDown={(event) => {
              onPressBetween(index, at, event);
            }}
          >
            <circle cx={cx} cy={cy} r={16} className={styles.grip} />
            <circle cx={cx} cy={cy} r={4.5} />
          </g>
        );
      })}
      {points.map((point, index) => {
        const [cx, cy] = px(point);
        return (
          <g
            key={index}
            className={styles.corner}
            data-chosen={index === chosen || undefined}
            data-testid="corner"
            role="button"
            tabIndex={0}
            aria-label={zonesText.corner(index + 1, name, point[0], point[1])}
            onPointerDown={(event) => {
              onPress(index, event);
            }}
            onFocus={() => {
              onFocus(index);
            }}
            onKeyDown={press(index)}
          >
            <circle cx={cx} cy={cy} r={20} className={styles.grip} />
            <circle cx={cx} cy={cy} r={7} />
          </g>
        );
      })}
    </g>
  );
}
