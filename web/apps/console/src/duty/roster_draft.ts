/** A roster as a person writes it: shifts that are the same on several days are one line. */
import type { DutyException, Roster, Shift } from '../api/types.ts';
import { dutyText } from '../text/duty.ts';

export interface ShiftDraft {
  days: number[];
  /** `08:00`; empty while nothing is given. */
  start: string;
  end: string;
}

export interface ExceptionDraft {
  /** As `datetime-local` has it, in the reader's zone. */
  from: string;
  until: string;
  on: boolean;
  reason: string;
}

export interface RosterDraft {
  timezone: string;
  shifts: ShiftDraft[];
  exceptions: ExceptionDraft[];
  latitude: number | null;
  longitude: number | null;
}

export interface RosterFaults {
  shifts: Record<number, string>;
  exceptions: Record<number, string>;
  post?: string;
}

export const NEW_SHIFT: ShiftDraft = { days: [0, 1, 2, 3, 4], start: '08:00', end: '16:00' };

export function newException(nowMs: number): ExceptionDraft {
  const hour = 60 * 60_000;
  const start = Math.ceil(nowMs / hour) * hour;
  return { from: localInput(start), until: localInput(start + 8 * hour), on: false, reason: '' };
}

export function draftOf(roster: Roster | null): RosterDraft {
  const timezone = roster?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (roster === null) return { timezone, shifts: [], exceptions: [], latitude: null, longitude: null };
  return {
    timezone,
    shifts: grouped(roster.shifts),
    exceptions: roster.exceptions.map((one) => ({
      from: localInput(one.from_ms),
      until: localInput(one.until_ms),
      on: one.on,
      reason: one.reason,
    })),
    latitude: roster.latitude,
    longitude: roster.longitude,
  };
}

/** The roster that a draft without faults stands for. */
export function rosterOf(draft: RosterDraft): Roster {
  const shifts: Shift[] = draft.shifts.flatMap(({ days, start, end }) =>
    [...days].sort((a, b) => a - b).map((weekday) => ({ weekday, start_minute: minutes(start) ?? 0, end_minute: minutes(end) ?? 0 })),
  );
  const exceptions: DutyException[] = draft.exceptions.map(({ from, until, on, reason }) => ({
    from_ms: new Date(from).getTime(),
    until_ms: new Date(until).getTime(),
    on,
    reason,
  }));
  const { timezone, latitude, longitude } = draft;
  return { timezone, shifts, exceptions, latitude, longitude };
}

export function faultsOf({ shifts, exceptions, latitude, longitude }: RosterDraft): RosterFaults {
  const halfGiven = (latitude === null) !== (longitude === null);
  const impossible = Math.abs(latitude ?? 0) > 90 || Math.abs(longitude ?? 0) > 180;
  return {
    shifts: byIndex(shifts.map((shift) => (shift.days.length === 0 ? dutyText.noDays : minutes(shift.start) === null || minutes(shift.end) === null ? dutyText.badTimes : null))),
    exceptions: byIndex(
      exceptions.map(({ from, until }) =>
        Number.isNaN(new Date(from).getTime()) || !(new Date(until).getTime() > new Date(from).getTime()) ? dutyText.badSpan : null,
      ),
    ),
    ...(halfGiven || impossible ? { post: dutyText.badPost } : {}),
  };
}

export function isFaultless({ shifts, exceptions, post }: RosterFaults): boolean {
  return Object.keys(shifts).length === 0 && Object.keys(exceptions).length === 0 && post === undefined;
}

/** Whether a shift goes on after midnight. */
export function endsNextDay({ start, end }: ShiftDraft): boolean {
  const [from, to] = [minutes(start), minutes(end)];
  return from !== null && to !== null && to <= from;
}

/** `2026-08-05T14:30`, the way `datetime-local` writes the reader's own time. */
export function localInput(atMs: number): string {
  const date = new Date(atMs);
  return new Date(atMs - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function grouped(shifts: readonly Shift[]): ShiftDraft[] {
  const groups = new Map<string, ShiftDraft>();
  for (const { weekday, start_minute, end_minute } of shifts) {
    const [start, end] = [clock(start_minute), clock(end_minute)];
    const group = groups.get(`${start}-${end}`) ?? { days: [], start, end };
    group.days.push(weekday);
    groups.set(`${start}-${end}`, group);
  }
  return [...groups.values()];
}

function clock(minute: number): string {
  const hours = Math.floor(minute / 60) % 24;
  return `${String(hours).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function minutes(time: string): number | null {
  const found = /^(\d{2}):(\d{2})/.exec(time);
  return found === null ? null : Number(found[1]) * 60 + Number(found[2]);
}

function byIndex(faults: readonly (string | null)[]): Record<number, string> {
  return Object.fromEntries(faults.flatMap((fault, index) => (fault === null ? [] : [[index, fault]])));
}
