/** A camera's view while it is edited: shapes have keys, so that a name can change without losing its rules. Pure. */
import type { Severity } from '@sightline/client';

import type { CameraView, Direction, Liveness, NewCameraView, Point, RuleLabel, Schedule } from '../api/view_types.ts';
import { zonesText } from '../text/zones.ts';
import { inside, isLongEnough, isSimple } from './shapes.ts';

export type ShapeKind = 'zone' | 'line' | 'mask';

export interface Shape {
  key: string;
  kind: ShapeKind;
  /** Masks have none. */
  name: string;
  points: Point[];
}

export interface RuleDraft {
  key: string;
  /** The key of a zone or line; `null`: anywhere in the picture. */
  place: string | null;
  label: RuleLabel;
  direction: Direction | null;
  schedule: Schedule | null;
  severity: Severity | null;
  enabled: boolean;
}

export interface CrowdDraft {
  key: string;
  place: string | null;
  threshold: number;
  overS: number;
  underS: number;
  schedule: Schedule | null;
  severity: Severity | null;
}

export interface ViewDraft {
  shapes: Shape[];
  rules: RuleDraft[];
  crowds: CrowdDraft[];
  liveness: Liveness;
  objectsFps: number | null;
  record: boolean;
}

export const MOST: Record<ShapeKind, number> = { zone: 16, line: 16, mask: 32 };
const LONGEST_NAME = 60;

let made = 0;

export function newKey(): string {
  made += 1;
  return `new-${String(made)}`;
}

export function draftOf(view: CameraView): ViewDraft {
  const shapes: Shape[] = [
    ...view.masks.map((points, at): Shape => ({ key: `mask-${String(at)}`, kind: 'mask', name: '', points })),
    ...view.zones.map(({ name, polygon }, at): Shape => ({ key: `zone-${String(at)}`, kind: 'zone', name, points: polygon })),
    ...view.lines.map(({ name, start, end }, at): Shape => ({ key: `line-${String(at)}`, kind: 'line', name, points: [start, end] })),
  ];
  const keyOf = (kind: ShapeKind, name: string | null): string | null =>
    shapes.find((shape) => shape.kind === kind && shape.name === name)?.key ?? null;
  return {
    shapes,
    rules: view.rules.map(({ zone, line, ...rule }, at) => ({
      ...rule,
      key: `rule-${String(at)}`,
      place: line === null ? keyOf('zone', zone) : keyOf('line', line),
    })),
    crowds: view.crowds.map(({ zone, over_ms, under_ms, ...crowd }, at) => ({
      ...crowd,
      key: `crowd-${String(at)}`,
      place: keyOf('zone', zone),
      overS: over_ms / 1_000,
      underS: under_ms / 1_000,
    })),
    liveness: view.liveness,
    objectsFps: view.objects_fps,
    record: view.record,
  };
}

/** What the server is sent for a draft without faults. */
export function viewOf(draft: ViewDraft): NewCameraView {
  const nameOf = (kind: ShapeKind, key: string | null): string | null =>
    draft.shapes.find((shape) => shape.kind === kind && shape.key === key)?.name.trim() ?? null;
  const of = (kind: ShapeKind): Shape[] => draft.shapes.filter((shape) => shape.kind === kind);
  return {
    masks: of('mask').map(({ points }) => points),
    zones: of('zone').map(({ name, points }) => ({ name: name.trim(), polygon: points })),
    lines: of('line').map(({ name, points }) => ({ name: name.trim(), start: points[0] ?? [0, 0], end: points[1] ?? [1, 1] })),
    crowds: draft.crowds.map(({ threshold, place, overS, underS, severity, schedule }) => ({
      threshold,
      zone: nameOf('zone', place),
      over_ms: Math.round(overS * 1_000),
      under_ms: Math.round(underS * 1_000),
      severity,
      schedule,
    })),
    rules: draft.rules.map(({ label, place, direction, schedule, severity, enabled }) => {
      const line = nameOf('line', place);
      return { label, zone: nameOf('zone', place), line, direction: line === null ? null : direction, schedule, severity, enabled };
    }),
    liveness: draft.liveness,
    objects_fps: draft.objectsFps,
    record: draft.record,
  };
}

export function isSame(one: ViewDraft, other: ViewDraft): boolean {
  return JSON.stringify(viewOf(one)) === JSON.stringify(viewOf(other));
}

/** A shape with a name that is free. */
export function withShape(draft: ViewDraft, kind: ShapeKind, key: string, points: readonly Point[]): ViewDraft {
  return { ...draft, shapes: [...draft.shapes, { key, kind, name: freeName(draft, kind), points: points.map(inside) }] };
}

export function withoutShape(draft: ViewDraft, key: string): ViewDraft {
  const stays = ({ place }: { place: string | null }): boolean => place !== key;
  return {
    ...draft,
    shapes: draft.shapes.filter((shape) => shape.key !== key),
    rules: draft.rules.filter(stays),
    crowds: draft.crowds.filter(stays),
  };
}

export function withChangedShape(draft: ViewDraft, key: string, change: Partial<Pick<Shape, 'name' | 'points'>>): ViewDraft {
  return { ...draft, shapes: draft.shapes.map((shape) => (shape.key === key ? { ...shape, ...change } : shape)) };
}

/** Masks are told apart by number; the others by name. */
export function shapeName(draft: ViewDraft, shape: Shape): string {
  if (shape.kind !== 'mask') return shape.name.trim() === '' ? zonesText.unnamed : shape.name;
  const number = draft.shapes.filter((one) => one.kind === 'mask').findIndex((one) => one.key === shape.key);
  return zonesText.maskName(number + 1);
}

function freeName(draft: ViewDraft, kind: ShapeKind): string {
  if (kind === 'mask') return '';
  const taken = new Set(draft.shapes.filter((shape) => shape.kind === kind).map(({ name }) => name.trim().toLowerCase()));
  let number = taken.size + 1;
  while (taken.has(zonesText.newName[kind](number).toLowerCase())) number += 1;
  return zonesText.newName[kind](number);
}

/** What is wrong, by the key of a shape or crowd limit; empty when the draft may be sent. */
export function faultsOf(draft: ViewDraft): Record<string, string> {
  const faults = [...draft.shapes.map((shape) => [shape.key, shapeFault(draft, shape)]), ...draft.crowds.map((crowd) => [crowd.key, crowdFault(draft, crowd)])];
  return Object.fromEntries(faults.filter(([, fault]) => fault !== null)) as Record<string, string>;
}

function shapeFault(draft: ViewDraft, shape: Shape): string | null {
  if (shape.kind === 'line' ? !isLongEnough(shape.points) : !isSimple(shape.points)) {
    return shape.kind === 'line' ? zonesText.faults.short : zonesText.faults.crossing;
  }
  if (shape.kind === 'mask') return null;
  const name = shape.name.trim().toLowerCase();
  if (name === '') return zonesText.faults.noName;
  if (name.length > LONGEST_NAME) return zonesText.faults.longName;
  const first = draft.shapes.find((one) => one.kind === shape.kind && one.name.trim().toLowerCase() === name);
  return first?.key === shape.key ? null : zonesText.faults.sameName;
}

function crowdFault(draft: ViewDraft, crowd: CrowdDraft): string | null {
  const first = draft.crowds.find(({ place, threshold }) => place === crowd.place && threshold === crowd.threshold);
  return first?.key === crowd.key ? null : zonesText.faults.sameCrowd;
}
