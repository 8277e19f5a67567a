const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, short enough for a list: `now`, `42 s`, `7 min`, `3 h 05`, `2 d`. */
export function shortSpan(ms: number): string {
  if (ms < 5 * SECOND) return 'now';
  if (ms < MINUTE) return `${String(Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${String(Math.floor(ms / MINUTE))} min`;
  if (ms < DAY) return `${String(Math.floor(ms / HOUR))} h ${String(Math.floor((ms % HOUR) / MINUTE)).padStart(2, '0')}`;
  return `${String(Math.floor(ms / DAY))} d`;
}

const EXACT = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'full',
  timeStyle: 'long',
});
const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE_TIME = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

export function exactTime(ms: number): string {
  return EXACT.format(ms);
}

/** The time of day for today, with the date for any other day. */
export function timeOrDate(ms: number, nowMs: number): string {
  return new Date(ms).toDateString() === new Date(nowMs).toDateString() ? TIME.format(ms) : DATE_TIME.format(ms);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DAY_CLOCK = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const WEEK = 7 * DAY;

/** The time of day, to the minute. */
export function clockTime(ms: number): string {
  return CLOCK.format(ms);
}

/** A time to come: of day for today, with the weekday within a week, else with the date. */
export function comingTime(ms: number, nowMs: number): string {
  if (new Date(ms).toDateString() === new Date(nowMs).toDateString()) return CLOCK.format(ms);
  return ms - nowMs < WEEK - DAY ? DAY_CLOCK.format(ms) : DATE_TIME.format(ms);
}

const RANGE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** From when until when, with the date once where it is one day. */
export function timeRange(fromMs: number, toMs: number): string {
  return RANGE.formatRange(fromMs, toMs);
}

export function dateOnly(ms: number): string {
  return DATE.format(ms);
}

export function fileSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ''}`;
}
