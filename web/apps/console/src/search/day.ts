/** A day of the reader, and how its hours are filled. Pure but for the reader's zone. */
export interface DaySpan {
  fromMs: number;
  toMs: number;
}

/** From midnight to midnight in the reader's zone: 23 to 25 hours. */
export function dayOf(atMs: number): DaySpan {
  const start = new Date(atMs);
  start.setHours(0, 0, 0, 0);
  return { fromMs: start.getTime(), toMs: dayAfter(start) };
}

function dayAfter(start: Date): number {
  const next = new Date(start);
  next.setDate(next.getDate() + 1);
  return next.getTime();
}

export function otherDay(day: DaySpan, days: number): DaySpan {
  const noon = new Date(day.fromMs + 12 * 3_600_000);
  noon.setDate(noon.getDate() + days);
  return dayOf(noon.getTime());
}

/** `2026-08-05`, as an input of type `date` has it. */
export function dateInput(day: DaySpan): string {
  const date = new Date(day.fromMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

interface Seen {
  first_seen: number;
  last_seen: number;
}

/** How much of each of `bins` equal parts of the day somebody was seen in, 0 to 1; being seen at all is never 0. */
export function heat(seen: readonly Seen[], { fromMs, toMs }: DaySpan, bins: number): number[] {
  const width = (toMs - fromMs) / bins;
  const faintest = 0.25;
  return Array.from({ length: bins }, (_, bin) => {
    const [start, end] = [fromMs + bin * width, fromMs + (bin + 1) * width];
    const within = seen.filter(({ first_seen, last_seen }) => first_seen < end && last_seen >= start);
    if (within.length === 0) return 0;
    const ms = within.reduce((sum, one) => sum + Math.min(one.last_seen, end) - Math.max(one.first_seen, start), 0);
    return Math.min(1, faintest + (1 - faintest) * Math.sqrt(ms / width));
  });
}
