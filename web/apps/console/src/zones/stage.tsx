import { useElementSize } from '@mantine/hooks';
import type { PointerEvent as ReactPointerEvent, ReactElement } from 'react';
import { useRef, useState } from 'react';

import type { Camera } from '../api/types.ts';
import type { Point } from '../api/view_types.ts';
import { zonesText } from '../text/zones.ts';
import { LiveTile } from '../wall/live_tile.tsx';
import { Corners } from './corners.tsx';
import { ShapeOutline } from './shape_outline.tsx';
import { insertCorner, moveCorner, moveShape } from './shapes.ts';
import styles from './stage.module.css';
import type { Shape, ShapeKind, ViewDraft } from './view_draft.ts';
import { shapeName } from './view_draft.ts';

export interface Drawing {
  kind: ShapeKind;
  points: Point[];
}

interface StageProps {
  camera: Camera;
  draft: ViewDraft;
  selected: string | null;
  corner: number | null;
  faults: Readonly<Record<string, string>>;
  drawing: Drawing | null;
  /** Shows what others will see: masks black, nothing else. */
  previewing: boolean;
  mayEdit: boolean;
  onSelect: (key: string | null, corner: number | null) => void;
  onPoints: (key: string, points: Point[], tag: string | null) => void;
  onDraw: (points: Point[], finished: boolean) => void;
}

interface Drag {
  key: string;
  /** `null`: the whole shape. */
  corner: number | null;
  last: Point;
  tag: string;
}

const CLOSES_WITHIN_PX = 16;
const USUAL_RATIO = 16 / 9;

/** The live picture with the shapes over it, to draw with a mouse or a finger. */
export function Stage(props: StageProps): ReactElement {
  const { camera, draft, selected, corner, faults, drawing, previewing, mayEdit, onSelect, onPoints, onDraw } = props;
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const drag = useRef<Drag | null>(null);
  const drags = useRef(0);
  const [pointer, setPointer] = useState<Point | null>(null);
  const status = camera.status;
  const ratio = status.width > 0 && status.height > 0 ? status.width / status.height : USUAL_RATIO;
  const px = ([x, y]: Point): Point => [x * width, y * height];
  const chosen = draft.shapes.find((shape) => shape.key === selected);

  const begin = (shape: Shape, index: number | null, event: ReactPointerEvent, points = shape.points): void => {
    if (drawing !== null) return;
    event.stopPropagation();
    onSelect(shape.key, index);
    if (!mayEdit) return;
    drags.current += 1;
    drag.current = { key: shape.key, corner: index, last: shareOf(event), tag: `drag-${String(drags.current)}` };
    event.currentTarget.closest('svg')?.setPointerCapture(event.pointerId);
    if (points !== shape.points) onPoints(shape.key, points, drag.current.tag);
  };
  const move = (event: ReactPointerEvent): void => {
    const at = shareOf(event);
    if (drawing !== null) setPointer(at);
    const held = drag.current;
    const shape = draft.shapes.find((one) => one.key === held?.key);
    if (held === null || shape === undefined) return;
    const points =
      held.corner === null
        ? moveShape(shape.points, [at[0] - held.last[0], at[1] - held.last[1]])
        : moveCorner(shape.points, held.corner, at);
    held.last = at;
    onPoints(held.key, points, held.tag);
  };
  const press = (event: ReactPointerEvent): void => {
    if (event.button !== 0) return;
    if (drawing === null) {
      onSelect(null, null);
      return;
    }
    const at = shareOf(event);
    const first = drawing.points[0];
    const [x, y] = px(at);
    const closes = first !== undefined && drawing.points.length >= 3 && Math.hypot(px(first)[0] - x, px(first)[1] - y) < CLOSES_WITHIN_PX;
    if (closes) onDraw(drawing.points, true);
    else onDraw([...drawing.points, at], drawing.kind === 'line' && drawing.points.length === 1);
  };
  const drop = (): void => {
    drag.current = null;
  };

  return (
    <div ref={ref} className={styles.stage} style={{ aspectRatio: ratio }} data-testid="stage">
      <LiveTile cameraId={camera.id} name={camera.name} />
      <svg
        viewBox={`0 0 ${String(Math.max(width, 1))} ${String(Math.max(height, 1))}`}
        className={styles.overlay}
        data-drawing={drawing !== null || undefined}
        role="group"
        aria-label={zonesText.overlay(camera.name)}
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={drop}
        onPointerCancel={drop}
        onDoubleClick={() => {
          if (drawing !== null && drawing.points.length >= 3) onDraw(drawing.points, true);
        }}
      >
        {draft.shapes
          .filter((shape) => !previewing || shape.kind === 'mask')
          .map((shape) => (
            <ShapeOutline
              key={shape.key}
              shape={shape}
              name={shapeName(draft, shape)}
              px={px}
              chosen={shape.key === selected && !previewing}
              wrong={shape.key in faults}
              opaque={previewing}
              onPress={(event) => {
                if (event.button === 0 && drawing === null) begin(shape, null, event);
              }}
            />
          ))}
        {chosen === undefined || previewing || !mayEdit || drawing !== null ? null : (
          <Corners
            shape={chosen}
            name={shapeName(draft, chosen)}
            px={px}
            chosen={corner}
            onPress={(index, event) => {
              begin(chosen, index, event);
            }}
            onPressBetween={(index, at, event) => {
              begin(chosen, index + 1, event, insertCorner(chosen.points, index, at));
            }}
            onFocus={(index) => {
              if (index !== corner) onSelect(chosen.key, index);
            }}
            onPoints={(points, tag) => {
              onPoints(chosen.key, points, tag);
            }}
          />
        )}
        {drawing === null ? null : <Sketch drawing={drawing} pointer={pointer} px={px} />}
      </svg>
    </div>
  );
}

function Sketch({ drawing, pointer, px }: { drawing: Drawing; pointer: Point | null; px: (point: Point) => Point }): ReactElement {
  const points = [...drawing.points, ...(pointer === null || drawing.points.length === 0 ? [] : [pointer])].map(px);
  return (
    <g className={styles.sketch} aria-hidden>
      <polyline points={points.map((point) => point.join()).join(' ')} />
      {drawing.points.map((point, at) => {
        const [cx, cy] = px(point);
        return <circle key={at} cx={cx} cy={cy} r={at === 0 && drawing.points.length >= 3 ? 9 : 5} />;
      })}
    </g>
  );
}

/** Where a pointer is, in shares of the picture. */
function shareOf(event: ReactPointerEvent): Point {
  const box = (event.currentTarget.closest('svg') ?? event.currentTarget).getBoundingClientRect();
  return [(event.clientX - box.left) / Math.max(box.width, 1), (event.clientY - box.top) / Math.max(box.height, 1)];
}
