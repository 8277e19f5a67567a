import { describe, expect, it } from 'vitest';

import type { Duty, Roster } from '../src/api/types.ts';
import { expectedSpans, gaps, plannedSpans, union } from '../src/duty/schedule.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** Monday 2026-08-03, midnight in Berlin, which is two hours ahead of UTC then. */
const MONDAY = Date.UTC(2026, 7, 2, 22);

function roster(changed: Partial<Roster> = {}): Roster {
  return { timezone: 'Europe/Berlin', shifts: [], exceptions: [], latitude: null, longitude: null, ...changed };
}

function duty(changed: Partial<Duty> = {}): Duty {
  return {
    user_id: 'u1', name: 'rita', role: 'responder', on_duty: false, reason: 'schedule', connected: false, push: false,
    fix_age_ms: null, roster: roster(), ...changed,
  };
}

const early = { weekday: 0, start_minute: 6 * 60, end_minute: 14 * 60 };

describe('the plan', () => {
  it('follows the wall clock of its own zone', () => {
    expect(plannedSpans(roster({ shifts: [early] }), MONDAY, MONDAY + DAY)).toEqual([
      { fromMs: MONDAY + 6 * HOUR, untilMs: MONDAY + 14 * HOUR },
    ]);
  });

  it('knows a shift that began before midnight', () => {
    const night = { weekday: 6, start_minute: 22 * 60, end_minute: 6 * 60 };
    expect(plannedSpans(roster({ shifts: [night] }), MONDAY, MONDAY + DAY)).toEqual([{ fromMs: MONDAY, untilMs: MONDAY + 6 * HOUR }]);
  });

  it('takes a shift from midnight to midnight as the whole day', () => {
    const whole = { weekday: 0, start_minute: 0, end_minute: 0 };
    expect(plannedSpans(roster({ shifts: [whole] }), MONDAY - DAY, MONDAY + 2 * DAY)).toEqual([{ fromMs: MONDAY, untilMs: MONDAY + DAY }]);
  });

  it('keeps the hours of the clock when clocks change', () => {
    // On Sunday 2026-10-25 clocks go back at three: the night from 22:00 to 06:00 lasts nine hours.
    const saturday = Date.UTC(2026, 9, 23, 22);
    const night = { weekday: 5, start_minute: 22 * 60, end_minute: 6 * 60 };
    const [span] = plannedSpans(roster({ shifts: [night] }), saturday, saturday + 3 * DAY);
    expect(span).toEqual({ fromMs: Date.UTC(2026, 9, 24, 20), untilMs: Date.UTC(2026, 9, 25, 5) });
  });

  it('puts exceptions before the week, and the later one before the earlier', () => {
    const off = { from_ms: MONDAY, until_ms: MONDAY + DAY, on: false, reason: 'leave' };
    const on = { from_ms: MONDAY + 8 * HOUR, until_ms: MONDAY + 9 * HOUR, on: true, reason: 'after all' };
    expect(plannedSpans(roster({ shifts: [early], exceptions: [off, on] }), MONDAY, MONDAY + DAY)).toEqual([
      { fromMs: MONDAY + 8 * HOUR, untilMs: MONDAY + 9 * HOUR },
    ]);
    expect(plannedSpans(roster({ shifts: [early], exceptions: [on, off] }), MONDAY, MONDAY + DAY)).toEqual([]);
  });
});

describe('what is expected', () => {
  const planned = roster({ shifts: [early] });

  it('is what was said by hand until the schedule says something new', () => {
    const on = duty({ on_duty: true, reason: 'switch', roster: planned });
    expect(expectedSpans(on, MONDAY + 2 * HOUR, MONDAY + DAY)).toEqual([{ fromMs: MONDAY + 2 * HOUR, untilMs: MONDAY + 14 * HOUR }]);
    const off = duty({ on_duty: false, reason: 'switch', roster: planned });
    expect(expectedSpans(off, MONDAY + 8 * HOUR, MONDAY + DAY)).toEqual([]);
    expect(expectedSpans(off, MONDAY + 2 * HOUR, MONDAY + DAY)).toEqual([{ fromMs: MONDAY + 6 * HOUR, untilMs: MONDAY + 14 * HOUR }]);
  });

  it('stays what was said where there is no schedule', () => {
    const on = duty({ on_duty: true, reason: 'switch', roster: null });
    expect(expectedSpans(on, MONDAY, MONDAY + DAY)).toEqual([{ fromMs: MONDAY, untilMs: MONDAY + DAY }]);
    expect(expectedSpans(duty({ roster: null, reason: 'none' }), MONDAY, MONDAY + DAY)).toEqual([]);
  });
});

it('finds the hours that nobody covers', () => {
  const spans = [
    { fromMs: 10, untilMs: 20 },
    { fromMs: 15, untilMs: 30 },
    { fromMs: 40, untilMs: 50 },
  ];
  expect(union(spans)).toEqual([
    { fromMs: 10, untilMs: 30 },
    { fromMs: 40, untilMs: 50 },
  ]);
  expect(gaps(spans, 0, 60)).toEqual([
    { fromMs: 0, untilMs: 10 },
    { fromMs: 30, untilMs: 40 },
    { fromMs: 50, untilMs: 60 },
  ]);
  expect(gaps([], 0, 60)).toEqual([{ fromMs: 0, untilMs: 60 }]);
});
