import '../theme/form_styles.ts';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/FloatingIndicator.css';

import { Button, SegmentedControl, Select, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconChartLine, IconDownload } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useMemo, useState } from 'react';

import { saveFrom } from '../analyse/save_file.ts';
import type { HistoryAnswer, Metric } from '../api/history_types.ts';
import { request } from '../api/http.ts';
import { useCameras } from '../cameras/queries.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { msOf } from '../search/filter.ts';
import { text } from '../text/everywhere.ts';
import { historyText } from '../text/history.ts';
import { plotsText } from '../text/plots.ts';
import { searchText } from '../text/search.ts';
import { useNow } from '../times/clock.ts';
import HourChart, { COLOURS } from './hour_chart.tsx';
import styles from './plots_page.module.css';
import type { Plot } from './series.ts';
import { HOUR_MS, plotOf } from './series.ts';

const METRICS: readonly Metric[] = ['detections', 'people', 'crowd', 'processing_ms', 'crossings'];
const SPANS = { day: 24, week: 168, month: 720 } as const;
const NOBODY: ReadonlySet<string> = new Set();

/** What the cameras saw, by the hour. */
export default function PlotsPage(): ReactElement {
  const cameras = useCameras().data ?? [];
  const [metric, setMetric] = useState<Metric>('detections');
  const [camera, setCamera] = useState<string | null>(null);
  const [span, setSpan] = useState<keyof typeof SPANS | 'own'>('day');
  const [own, setOwn] = useState({ from: '', to: '' });
  const nowMs = useNow(60_000);
  const toMs = span === 'own' ? (msOf(own.to) ?? nowMs) : nowMs;
  const fromMs = span === 'own' ? (msOf(own.from) ?? toMs - 24 * HOUR_MS) : toMs - SPANS[span] * HOUR_MS;
  const query = new URLSearchParams({ metric, from: String(Math.max(fromMs, 0)), to: String(toMs) });
  if (camera !== null) query.set('camera', camera);
  const path = `/api/history?${query.toString()}`;
  const history = useQuery({
    queryKey: ['figures', path],
    queryFn: ({ signal }) => request<HistoryAnswer>(path, { signal }),
    enabled: fromMs < toMs,
    placeholderData: keepPreviousData,
  });
  const rows = history.data?.rows;
  const plot = useMemo(() => (rows === undefined ? null : plotOf(rows, metric, fromMs, toMs)), [rows, metric, fromMs, toMs]);
  return (
    <Page
      title={plotsText.title}
      actions={(['csv', 'json'] as const).map((format) => (
        <Button
          key={format}
          variant="default"
          leftSection={<IconDownload size={16} />}
          onClick={() => {
            saveFrom(`${path}&format=${format}`, `sightline-history.${format}`).catch(notifyFailed);
          }}
        >
          {format.toUpperCase()}
        </Button>
      ))}
    >
      <div className={styles.filters}>
        <Select
          label={plotsText.metric}
          allowDeselect={false}
          data={METRICS.map((one) => ({ value: one, label: plotsText.metrics[one] }))}
          value={metric}
          onChange={(value) => {
            if (value !== null) setMetric(value as Metric);
          }}
        />
        <Select
          label={historyText.camera}
          placeholder={historyText.anyCamera}
          clearable
          clearButtonProps={{ 'aria-label': historyText.anyCamera }}
          data={cameras.map(({ id, name }) => ({ value: id, label: name }))}
          value={camera}
          onChange={setCamera}
        />
        <SegmentedControl
          aria-label={plotsText.range}
          data={(['day', 'week', 'month', 'own'] as const).map((one) => ({ value: one, label: plotsText.spans[one] }))}
          value={span}
          onChange={setSpan}
        />
        {span === 'own'
          ? (['from', 'to'] as const).map((end) => (
              <TextInput
                key={end}
                type="datetime-local"
                label={searchText[end]}
                error={end === 'to' && fromMs >= toMs ? plotsText.badRange : undefined}
                value={own[end]}
                onChange={(event) => {
                  setOwn({ ...own, [end]: event.currentTarget.value });
                }}
              />
            ))
          : null}
      </div>
      {history.error !== null ? (
        <Failed error={history.error} onRetry={history.refetch} />
      ) : plot === null ? (
        <LoadingRows label={plotsText.title} rows={1} height={300} />
      ) : plot.series.length === 0 ? (
        <Empty icon={<IconChartLine size={30} stroke={1.4} />} title={plotsText.empty}>
          {plotsText.emptyHint}
        </Empty>
      ) : (
        <Figures key={metric} plot={plot} metric={metric} truncated={history.data?.truncated ?? false} />
      )}
    </Page>
  );
}

function Figures({ plot, metric, truncated }: { plot: Plot; metric: Metric; truncated: boolean }): ReactElement {
  const [hidden, setHidden] = useState(NOBODY);
  return (
    <section className={styles.card}>
      <p className={styles.soft}>{plotsText.means[metric]}</p>
      <HourChart plot={plot} label={plotsText.label(plotsText.metrics[metric])} hidden={hidden} />
      <ul className={styles.legend}>
        {plot.series.map(({ name }, at) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={!hidden.has(name)}
              onClick={() => {
                const next = new Set(hidden);
                if (!next.delete(name)) next.add(name);
                setHidden(next);
              }}
            >
              <i style={{ background: `var(${COLOURS[at % COLOURS.length] ?? '--accent'})` }} aria-hidden />
              {seriesName(metric, name)}
            </button>
          </li>
        ))}
      </ul>
      {truncated ? <p className={styles.soft}>{plotsText.truncated}</p> : null}
      <details>
        <summary>{plotsText.table}</summary>
        <div className={styles.scroll} tabIndex={0} role="region" aria-label={plotsText.table}>
          <table>
            <thead>
              <tr>
                <th scope="col">{plotsText.time}</th>
                {plot.series.map(({ name }) => (
                  <th key={name} scope="col">
                    {seriesName(metric, name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {plot.hours.map((hour, at) =>
                plot.series.some(({ values }) => (values[at] ?? 0) > 0) ? (
                  <tr key={hour}>
                    <th scope="row">{new Date(hour).toLocaleString()}</th>
                    {plot.series.map(({ name, values }) => (
                      <td key={name}>{values[at]?.toLocaleString(undefined, { maximumFractionDigits: 1 }) ?? '–'}</td>
                    ))}
                  </tr>
                ) : null,
              )}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

/** What a line is called; zones and lines have the names that people gave them. */
function seriesName(metric: Metric, name: string): string {
  if (metric === 'people' && name === '') return plotsText.whole;
  if (metric === 'crowd') return text.crowdLevels[name as keyof typeof text.crowdLevels] ?? name;
  return plotsText.series[name] ?? name.replace(/:(in|out)$/, ' $1');
}
