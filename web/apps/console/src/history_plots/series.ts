/** Rows by the hour as lines of a plot. Pure. */
import type { HistoryRow, Metric } from '../api/history_types.ts';

export const HOUR_MS = 3_600_000;

export interface Series {
  name: string;
  /** One for each hour; `null` where nothing is known. */
  values: (number | null)[];
}

export interface Plot {
  hours: number[];
  series: Series[];
}

interface Sum {
  count: number;
  total: number;
  most: number;
}

/** Every hour of [fromMs, toMs), with what is counted in it: tracks, people at once, frames, milliseconds, crossings. */
export function plotOf(rows: readonly HistoryRow[], metric: Metric, fromMs: number, toMs: number): Plot {
  const first = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
  const hours = Array.from({ length: Math.max(Math.ceil((toMs - first) / HOUR_MS), 1) }, (_, at) => first + at * HOUR_MS);
  const sums = new Map<string, Map<number, Sum>>();
  for (const row of rows) {
    if (row.metric !== metric) continue;
    const byHour = sums.get(row.detail) ?? new Map<number, Sum>();
    const before = byHour.get(row.hour) ?? { count: 0, total: 0, most: 0 };
    byHour.set(row.hour, { count: before.count + row.count, total: before.total + row.total, most: Math.max(before.most, row.most) });
    sums.set(row.detail, byHour);
  }
  const line = (byHour: Map<number, Sum>, of: (sum: Sum) => number): (number | null)[] =>
    hours.map((hour) => {
      const sum = byHour.get(hour);
      return sum === undefined ? (metric === 'processing_ms' || metric === 'people' ? null : 0) : of(sum);
    });
  const series = [...sums].sort(([one], [other]) => one.localeCompare(other)).flatMap(([detail, byHour]): Series[] => {
    if (metric === 'processing_ms') {
      return [
        { name: 'mean', values: line(byHour, ({ total, count }) => total / Math.max(count, 1)) },
        { name: 'most', values: line(byHour, ({ most }) => most) },
      ];
    }
    return [{ name: detail, values: line(byHour, metric === 'people' ? ({ most }) => most : ({ count }) => count) }];
  });
  return { hours, series };
}
