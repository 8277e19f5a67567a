import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { HistoryRow } from '../src/api/history_types.ts';
import type { CameraView, Point } from '../src/api/view_types.ts';
import { isAnalysable } from '../src/analyse/dropped_files.ts';
import { HOUR_MS, plotOf } from '../src/history_plots/series.ts';
import { dayOf, heat, otherDay } from '../src/search/day.ts';
import { NO_FILTER, searchForm } from '../src/search/filter.ts';
import { beginning, edited } from '../src/zones/edits.ts';
import { hoursInWords, linesOf, scheduleOf } from '../src/zones/hours.ts';
import { insertCorner, inwards, isSimple, moveShape, removeCorner } from '../src/zones/shapes.ts';
import { draftOf, faultsOf, isSame, viewOf, withChangedShape, withoutShape, withShape } from '../src/zones/view_draft.ts';

const SQUARE: Point[] = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
const VIEW: CameraView = {
  camera_id: 'c',
  own: true,
  masks: [[[0, 0], [0.1, 0], [0, 0.1]]],
  zones: [{ name: 'Door', polygon: SQUARE }],
  lines: [{ name: 'Step', start: [0.1, 0.5], end: [0.9, 0.5] }],
  crowds: [{ threshold: 5, zone: 'Door', over_ms: 3_000, under_ms: 10_000, severity: null, schedule: null }],
  rules: [
    { label: 'person', zone: 'Door', line: null, direction: null, schedule: null, severity: 'error', enabled: true },
    { label: 'person', zone: null, line: 'Step', direction: 'in', schedule: null, severity: null, enabled: true },
    { label: 'vehicle', zone: null, line: null, direction: null, schedule: null, severity: null, enabled: false },
  ],
  liveness: 'report',
  objects_fps: null,
  record: true,
};

describe('shapes', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('are simple where their edges meet at corners only', () => {
    expect(isSimple(SQUARE)).toBe(true);
    expect(isSimple([[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]])).toBe(false);
    expect(isSimple([[0, 0], [1, 1], [0.5, 0.5]])).toBe(false);
  });

  it('stay in the picture and keep their size, wherever they are moved', () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (dx, dy) => {
        const moved = moveShape(SQUARE, [dx, dy]);
        expect(moved.flat().every((value) => value >= 0 && value <= 1)).toBe(true);
        expect((moved[1]?.[0] ?? 0) - (moved[0]?.[0] ?? 0)).toBeCloseTo(0.6, 3);
      }),
    );
  });

  it('lose a corner that was added', () => {
    fc.assert(
      fc.property(fc.nat(3), share, share, (index, x, y) => {
        expect(removeCorner(insertCorner(SQUARE, index, [x, y]), index + 1)).toEqual(SQUARE);
      }),
    );
  });

  it('show `in` to the right of the way from start to end', () => {
    expect(inwards([0, 0], [10, 0], 5)).toEqual([5, 5]);
    expect(inwards([0, 10], [0, 0], 5)).toEqual([5, 5]);
  });
});

describe('the draft of a view', () => {
  it('is the view again', () => {
    expect({ ...viewOf(draftOf(VIEW)), camera_id: 'c', own: true }).toEqual(VIEW);
  });

  it('keeps its rules when a zone is renamed, and loses them with the zone', () => {
    const draft = draftOf(VIEW);
    const renamed = viewOf(withChangedShape(draft, 'zone-0', { name: 'Gate' }));
    expect(renamed.rules[0]?.zone).toBe('Gate');
    expect(renamed.crowds[0]?.zone).toBe('Gate');
    const without = viewOf(withoutShape(draft, 'zone-0'));
    expect(without.rules.map(({ zone, line }) => zone ?? line)).toEqual(['Step', null]);
    expect(without.crowds).toEqual([]);
  });

  it('names what is new, and says what is wrong', () => {
    const draft = withShape(withShape(draftOf(VIEW), 'zone', 'a', SQUARE), 'zone', 'b', [[0, 0], [1, 1], [1, 0], [0, 1]]);
    expect(draft.shapes.filter(({ kind }) => kind === 'zone').map(({ name }) => name)).toEqual(['Door', 'Zone 2', 'Zone 3']);
    expect(Object.keys(faultsOf(draft))).toEqual(['b']);
    expect(Object.keys(faultsOf(withChangedShape(draft, 'a', { name: ' door ' })))).toEqual(['a', 'b']);
  });

  it('is undone drag by drag', () => {
    const draft = draftOf(VIEW);
    const moved = (x: number) => withChangedShape(draft, 'zone-0', { points: moveShape(SQUARE, [x, 0]) });
    let edits = beginning(draft);
    for (const x of [0.01, 0.02, 0.03]) edits = edited(edits, { kind: 'change', draft: moved(x), tag: 'drag-1' });
    edits = edited(edits, { kind: 'change', draft: moved(0.1), tag: 'drag-2' });
    expect(isSame(edited(edits, { kind: 'undo' }).draft, moved(0.03))).toBe(true);
    const first = edited(edited(edits, { kind: 'undo' }), { kind: 'undo' });
    expect(isSame(first.draft, draft)).toBe(true);
    expect(isSame(edited(first, { kind: 'redo' }).draft, moved(0.03))).toBe(true);
  });
});

describe('weekly hours', () => {
  const shifts = [0, 1, 2, 4].map((weekday) => ({ weekday, start_minute: 480, end_minute: 960 }));

  it('are read as people say them', () => {
    expect(hoursInWords({ timezone: 'UTC', shifts })).toBe('Mon–Wed, Fri 08:00–16:00');
    expect(hoursInWords(null)).toBe('At any time');
  });

  it('are the same after they were edited', () => {
    expect(scheduleOf(linesOf({ timezone: 'UTC', shifts }))).toEqual({ timezone: 'UTC', shifts });
    expect(scheduleOf(linesOf(null))).toBeNull();
  });
});

describe('a day', () => {
  it('is followed by the next, whatever the clocks do', () => {
    const day = dayOf(Date.UTC(2026, 9, 25, 12));
    expect(otherDay(day, 1).fromMs).toBe(day.toMs);
    expect(otherDay(otherDay(day, 1), -1)).toEqual(day);
  });

  it('is warm where somebody was seen', () => {
    const day = { fromMs: 0, toMs: 24 * HOUR_MS };
    const cells = heat([{ first_seen: HOUR_MS, last_seen: HOUR_MS }, { first_seen: 2 * HOUR_MS, last_seen: 4 * HOUR_MS }], day, 24);
    expect(cells[0]).toBe(0);
    expect(cells[1]).toBeGreaterThan(0);
    expect(cells[2]).toBe(1);
    expect(cells[5]).toBe(0);
  });
});

describe('figures', () => {
  const row = (hour: number, detail: string, count: number): HistoryRow => ({
    camera_id: 'c', hour: hour * HOUR_MS, metric: 'detections', detail, count, mean: 1, total: count, most: 1,
  });

  it('are added over cameras, hour by hour', () => {
    const plot = plotOf([row(1, 'person', 2), { ...row(1, 'person', 3), camera_id: 'd' }, row(2, 'known', 1)], 'detections', HOUR_MS, 4 * HOUR_MS);
    expect(plot.hours).toHaveLength(3);
    expect(plot.series).toEqual([
      { name: 'known', values: [0, 1, 0] },
      { name: 'person', values: [5, 0, 0] },
    ]);
  });
});

describe('what is sent', () => {
  it('holds one probe and the filter', () => {
    const form = searchForm({ file: null, sightingId: 's', personId: 'p' }, { ...NO_FILTER, cameras: ['a', 'b'], threshold: 0.65 });
    expect([...form.keys()]).toEqual(['sighting_id', 'camera', 'camera', 'threshold', 'limit']);
  });

  it('leaves out what is no picture and no recording', () => {
    expect(isAnalysable({ name: 'a.JPG', type: '' })).toBe(true);
    expect(isAnalysable({ name: 'a.bin', type: 'video/mp4' })).toBe(true);
    expect(isAnalysable({ name: 'notes.txt', type: 'text/plain' })).toBe(false);
  });
});
