/** What a roster means, as the gateway reads it: which spans of time are planned. Pure; times are ms since the epoch. */
import type { Duty, Roster } from '../api/types.ts';

export interface Span {
  fromMs: number;
  untilMs: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const DAY_MINUTES = 1_440;

/** When somebody is expected to be on duty in [fromMs, untilMs): what they said last, then what is planned. */
export function expectedSpans(duty: Duty, fromMs: number, untilMs: number): Span[] {
  const planned = duty.roster === null ? [] : plannedSpans(duty.roster, fromMs, untilMs);
  if (duty.reason !== 'switch' && duty.reason !== 'field') return planned;
  // The switch holds until the schedule says something new.
  const edges = planned.flatMap(({ fromMs: start, untilMs: end }) => [start, end]).filter((edge) => edge > fromMs && edge < untilMs);
  const holdsUntil = Math.min(...edges, untilMs);
  const later = planned.filter((span) => span.untilMs > holdsUntil).map((span) => ({ ...span, fromMs: Math.max(span.fromMs, holdsUntil) }));
  return duty.on_duty ? union([{ fromMs, untilMs: holdsUntil }, ...later]) : later;
}

/** The spans in which the plan says "on duty", cut to [fromMs, untilMs) and in order. */
export function plannedSpans(roster: Roster, fromMs: number, untilMs: number): Span[] {
  const shifts = shiftSpans(roster, fromMs - DAY_MS, untilMs);
  const edges = [...shifts, ...roster.exceptions.map(({ from_ms, until_ms }) => ({ fromMs: from_ms, untilMs: until_ms }))].flatMap((span) => [
    span.fromMs,
    span.untilMs,
  ]);
  const inside = [...new Set([fromMs, ...edges.filter((edge) => edge > fromMs && edge < untilMs), untilMs])].sort((a, b) => a - b);
  const pieces = inside.slice(0, -1).map((start, index) => ({ fromMs: start, untilMs: inside[index + 1] ?? untilMs }));
  return union(pieces.filter((piece) => isPlanned(roster, shifts, piece.fromMs)));
}

function isPlanned(roster: Roster, shifts: readonly Span[], atMs: number): boolean {
  // Of exceptions that overlap, the later one counts.
  const exception = roster.exceptions.findLast(({ from_ms, until_ms }) => from_ms <= atMs && atMs < until_ms);
  if (exception !== undefined) return exception.on;
  return shifts.some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
}

function shiftSpans(roster: Roster, fromMs: number, untilMs: number): Span[] {
  const spans: Span[] = [];
  const first = localDay(fromMs, roster.timezone);
  for (let day = first - DAY_MS; day <= localDay(untilMs, roster.timezone); day += DAY_MS) {
    // JavaScript's week begins on Sunday, the roster's on Monday.
    const weekday = (new Date(day).getUTCDay() + 6) % 7;
    for (const shift of roster.shifts) {
      if (shift.weekday !== weekday) continue;
      const overnight = shift.end_minute <= shift.start_minute ? DAY_MINUTES : 0;
      spans.push({
        fromMs: atWallClock(day, shift.start_minute, roster.timezone),
        untilMs: atWallClock(day, shift.end_minute + overnight, roster.timezone),
      });
    }
  }
  return spans;
}

/** Midnight, as UTC, of the calendar day that it is in `zone`. */
function localDay(atMs: number, zone: string): number {
  return Math.floor((atMs + offsetMs(atMs, zone)) / DAY_MS) * DAY_MS;
}

/** When clocks in `zone` show `minute` of the calendar day `day` (given as UTC midnight). */
function atWallClock(day: number, minute: number, zone: string): number {
  const wall = day + minute * MINUTE_MS;
  // The offset that holds there is not known before the time is; the second look is right but for the hour of a change.
  const guess = wall - offsetMs(wall, zone);
  return wall - offsetMs(guess, zone);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function offsetMs(atMs: number, zone: string): number {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    clock = new Intl.DateTimeFormat('en-US', { ...fields, timeZone: zone, hourCycle: 'h23' });
    clocks.set(zone, clock);
  }
  const part = Object.fromEntries(clock.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'], part['hour'], part['minute'], part['second']);
  return wall - Math.floor(atMs / 1_000) * 1_000;
}

/** The same time in spans that neither touch nor overlap, in order. */
export function union(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last !== undefined && span.fromMs <= last.untilMs) last.untilMs = Math.max(last.untilMs, span.untilMs);
    else if (span.untilMs > span.fromMs) merged.push({ ...span });
  }
  return merged;
}

/** What of [fromMs, untilMs) is in none of the spans. */
export function gaps(spans: readonly Span[], fromMs: number, untilMs: number): Span[] {
  const holes: Span[] = [];
  let at = fromMs;
  for (const span of union(spans)) {
    if (span.fromMs > at) holes.push({ fromMs: at, untilMs: Math.min(span.fromMs, untilMs) });
    at = Math.max(at, span.untilMs);
  }
  if (at < untilMs) holes.push({ fromMs: at, untilMs });
  return holes;
}
