/** Weekly hours as people write and read them; lines are those of a duty roster. Pure. */
import type { Roster } from '../api/types.ts';
import type { Schedule } from '../api/view_types.ts';
import type { RosterDraft } from '../duty/roster_draft.ts';
import { draftOf, rosterOf } from '../duty/roster_draft.ts';
import { weekText } from '../text/week.ts';
import { zonesText } from '../text/zones.ts';

const NO_DUTY = { exceptions: [], latitude: null, longitude: null };

export function linesOf(schedule: Schedule | null): RosterDraft {
  if (schedule === null) return draftOf(null);
  const timezone = schedule.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const roster: Roster = { timezone, shifts: schedule.shifts, ...NO_DUTY };
  return draftOf(roster);
}

/** The schedule that lines without faults stand for; no line means always. */
export function scheduleOf(lines: RosterDraft): Schedule | null {
  if (lines.shifts.length === 0) return null;
  const { timezone, shifts } = rosterOf({ ...lines, exceptions: [] });
  return { timezone, shifts };
}

export function hoursInWords(schedule: Schedule | null): string {
  if (schedule === null) return zonesText.always;
  return linesOf(schedule)
    .shifts.map(({ days, start, end }) => `${daysInWords(days)} ${start}–${end}`)
    .join(', ');
}

/** `Mon–Fri`, `Mon, Wed`. */
function daysInWords(days: readonly number[]): string {
  const sorted = [...days].sort((a, b) => a - b);
  const runs: number[][] = [];
  for (const day of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last.at(-1) === day - 1) last.push(day);
    else runs.push([day]);
  }
  const name = (day: number | undefined): string => weekText.days[day ?? 0] ?? '';
  return runs.map((run) => (run.length < 2 ? name(run[0]) : `${name(run[0])}–${name(run.at(-1))}`)).join(', ');
}
