import 'uplot/dist/uPlot.min.css';

import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import type { ReactElement } from 'react';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

import type { Plot } from './series.ts';
import { HOUR_MS } from './series.ts';

const HEIGHT_PX = 300;
const DAY_HOURS = 48;
export const COLOURS = ['--accent', '--info', '--warning', '--critical', '--ok', '--error', '--text-soft'] as const;
export const DASHES = [[], [8, 4], [2, 3], [12, 4, 2, 4]] as const;

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** Lines over the hours; which is which stands beside it, and every figure in the table below. */
export default function HourChart({ plot, label, hidden }: { plot: Plot; label: string; hidden: ReadonlySet<string> }): ReactElement {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const holder = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  useEffect(() => {
    const element = holder.current;
    if (element === null || width === 0) return undefined;
    const made = new UPlot(optionsOf(plot, hidden, Math.floor(width), element), dataOf(plot), element);
    return () => {
      made.destroy();
    };
    // `scheme` is here because the colours are read from the page when the plot is made.
  }, [plot, hidden, width, scheme]);
  return (
    <div ref={ref} style={{ minHeight: HEIGHT_PX }}>
      <div ref={holder} role="img" aria-label={label} />
    </div>
  );
}

function dataOf({ hours, series }: Plot): UPlot.AlignedData {
  return [hours.map((hour) => hour / 1_000), ...series.map(({ values }) => values)];
}

function optionsOf({ hours, series }: Plot, hidden: ReadonlySet<string>, width: number, element: Element): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--text-faint'),
    font: '11px "Geist Variable", system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const span = ((hours.at(-1) ?? 0) - (hours[0] ?? 0)) / HOUR_MS;
  const words = (seconds: number): string => (span > DAY_HOURS ? DAY : CLOCK).format(seconds * 1_000);
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, top) => [0, Math.max(top * 1.1, 1)] } },
    axes: [{ ...axis, values: (_, times) => times.map(words), space: 70 }, { ...axis, size: 48 }],
    series: [
      {},
      ...series.map(({ name }, at): UPlot.Series => ({
        label: name,
        show: !hidden.has(name),
        stroke: colour(COLOURS[at % COLOURS.length] ?? '--accent'),
        dash: [...(DASHES[Math.floor(at / 2) % DASHES.length] ?? [])],
        width: 2,
        points: { show: hours.length < 60, size: 5 },
      })),
    ],
  };
}
