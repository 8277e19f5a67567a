import 'uplot/dist/uPlot.min.css';

import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import type { ReactElement } from 'react';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

import type { Sample } from './samples.ts';

const HEIGHT_PX = 150;
const SHORTEST_SPAN_S = 120;

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

interface ChartProps {
  samples: readonly Sample[];
  series: 'loop' | 'load';
  label: string;
}

/** A small plot over time; its newest figures stand in words beside it. */
export function Chart({ samples, series, label }: ChartProps): ReactElement {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const scheme = useComputedColorScheme();
  const data = dataOf(samples, series);
  const newest = useRef(data);
  useEffect(() => {
    newest.current = data;
    plot.current?.setData(data);
  }, [data]);
  useEffect(() => {
    const element = holder.current;
    if (element === null || width === 0) return undefined;
    const made = new UPlot(optionsOf(series, Math.floor(width), element), newest.current, element);
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
    // `scheme` is here because the colours are read from the page when the plot is made.
  }, [width, series, scheme]);
  return (
    <div ref={ref} style={{ minHeight: HEIGHT_PX }}>
      <div ref={holder} role="img" aria-label={label} />
    </div>
  );
}

function dataOf(samples: readonly Sample[], series: ChartProps['series']): UPlot.AlignedData {
  const times = samples.map((sample) => sample.atMs / 1_000);
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? 0;
  // An empty point before the first figures keeps them from being stretched over the whole width.
  const short = last - first < SHORTEST_SPAN_S;
  const line = (of: (sample: Sample) => number | null): (number | null)[] => [...(short ? [null] : []), ...samples.map(of)];
  const axis = short ? [last - SHORTEST_SPAN_S, ...times] : times;
  if (series === 'load') return [axis, line((sample) => sample.load)];
  return [axis, line((sample) => sample.p50Ms), line((sample) => sample.p99Ms)];
}

function optionsOf(series: ChartProps['series'], width: number, element: Element): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--text-faint'),
    font: '11px "Geist Variable", system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const line = (label: string, stroke: string, fill?: string): UPlot.Series => ({
    label,
    stroke,
    width: 1.75,
    points: { show: false },
    ...(fill === undefined ? {} : { fill }),
  });
  const lines =
    series === 'load'
      ? [line('%', colour('--accent'), colour('--accent-soft'))]
      : [line('p50', colour('--info')), { ...line('p99', colour('--warning')), dash: [5, 4] }];
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, top) => [0, series === 'load' ? 100 : Math.max(top * 1.15, 5)] } },
    axes: [{ ...axis, values: (_, times) => times.map((seconds) => TIME.format(seconds * 1_000)), space: 70 }, { ...axis, size: 40 }],
    series: [{}, ...lines],
  };
}
