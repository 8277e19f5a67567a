import { useQuery } from '@tanstack/react-query';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useStatistics } from '@sightline/react';
import type { ReactElement, ReactNode } from 'react';
import { Suspense } from 'react';

import { fetched } from '../app/fetched.ts';
import { request } from '../api/http.ts';
import type { System } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { Failed, LoadingRows } from '../feedback/states.tsx';
import { systemText } from '../text/system.ts';
import { fileSize } from '../times/format.ts';
import { Ago, Clock } from '../times/time.tsx';
import { Chart } from './chart.tsx';
import type { Sample } from './samples.ts';
import { keepSample } from './samples.ts';
import styles from './system_page.module.css';

const ModelsSection = fetched(() => import('../models/models_section.tsx'));

const POLL_MS = 2_000;
const LATE_MS = 20;

interface Reading {
  system: System;
  samples: readonly Sample[];
}

/** How the machine is: is anything slow, full, missing or down? */
export default function SystemPage(): ReactElement {
  const { data, error, refetch } = useQuery<Reading>({
    queryKey: ['system'],
    queryFn: async ({ signal, client }) => {
      const system = await request<System>('/api/system', { signal });
      const before = client.getQueryData<Reading>(['system'])?.samples ?? [];
      return { system, samples: keepSample(before, system, Date.now()) };
    },
    refetchInterval: POLL_MS,
  });
  if (data === undefined) {
    return (
      <Page title={systemText.title}>
        {error === null ? <LoadingRows label={systemText.title} height={150} /> : <Failed error={error} onRetry={refetch} />}
      </Page>
    );
  }
  const { system, samples } = data;
  return (
    <Page title={systemText.title} aside={`${systemText.version} ${system.version}`}>
      {error === null ? null : <Failed error={error} onRetry={refetch} />}
      <Warnings warnings={system.engine.warnings} />
      <div className={styles.grid}>
        <EngineCard system={system} />
        <LoopCard system={system} />
        <StorageCard system={system} />
        <ConnectionsCard system={system} />
        <ChartCard title={systemText.eventLoop} label={systemText.chartLoop} samples={samples} series="loop" />
        <ChartCard title={systemText.load} label={systemText.chartLoad} samples={samples} series="load" />
        <StagesCard stages={system.engine.stage_ms} />
        <ModelsCard />
      </div>
    </Page>
  );
}

function Card({ title, wide = false, children }: { title: string; wide?: boolean; children: ReactNode }): ReactElement {
  return (
    <section className={styles.card} data-wide={wide || undefined}>
      <h2 className="eyebrow">{title}</h2>
      {children}
    </section>
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }): ReactElement | null {
  if (warnings.length === 0) return null;
  return (
    <ul className={styles.warnings} aria-label={systemText.warnings}>
      {warnings.map((warning) => (
        <li key={warning}>
          <IconAlertTriangle size={18} stroke={1.8} aria-hidden />
          {warning}
        </li>
      ))}
    </ul>
  );
}

function EngineCard({ system }: { system: System }): ReactElement {
  const { state, since, restarts, reason } = system.engine;
  return (
    <Card title={systemText.engine}>
      <p className={styles.big} data-tone={state === 'connected' ? 'ok' : state === 'starting' ? 'warning' : 'critical'}>
        {systemText.engineStates[state]}
      </p>
      <p className={styles.soft}>
        <Ago at={since} /> · {systemText.restarts(restarts)}
      </p>
      {reason ? <p className={styles.soft}>{reason}</p> : null}
      <p className={styles.soft}>
        {systemText.upSince} <Clock at={system.started_at} />
      </p>
    </Card>
  );
}

function LoopCard({ system }: { system: System }): ReactElement {
  const { p50_ms, p99_ms, p999_ms, max_ms } = system.event_loop;
  return (
    <Card title={systemText.eventLoop}>
      <p className={styles.big} data-tone={p999_ms > LATE_MS ? 'critical' : 'ok'} title={systemText.eventLoopHint}>
        {p999_ms.toFixed(1)} <small>ms p99.9</small>
      </p>
      <p className={styles.soft}>
        p50 {p50_ms.toFixed(1)} · p99 {p99_ms.toFixed(1)} · max {max_ms.toFixed(1)} ms
      </p>
      <p className={styles.soft}>{systemText.eventLoopHint}</p>
    </Card>
  );
}

function StorageCard({ system }: { system: System }): ReactElement {
  const { free_bytes, total_bytes } = system.disk;
  return (
    <Card title={systemText.disk}>
      <p className={styles.big}>
        {fileSize(free_bytes)} <small>{systemText.free}</small>
      </p>
      {total_bytes === undefined ? null : <p className={styles.soft}>{systemText.total(fileSize(total_bytes))}</p>}
      <p className={styles.soft}>
        {systemText.log}: {systemText.logTop} <b className="figure">{system.log.top.toLocaleString()}</b>,{' '}
        {systemText.logFloor(system.log.floor)}
      </p>
    </Card>
  );
}

function ConnectionsCard({ system }: { system: System }): ReactElement {
  const { latency, messagesReceived, messagesSent } = useStatistics();
  return (
    <Card title={systemText.connections}>
      <p className={styles.big}>{system.connections}</p>
      <p className={styles.soft}>
        {Object.entries(system.clients)
          .map(([type, count]) => `${systemText.clientTypes[type] ?? type} ${String(count)}`)
          .join(' · ')}
      </p>
      <p className={styles.soft}>
        {systemText.session}: {systemText.latency.toLowerCase()} {latency === null ? '–' : `${String(latency)} ms`},{' '}
        {systemText.received.toLowerCase()} {messagesReceived.toLocaleString()}, {systemText.sent.toLowerCase()}{' '}
        {messagesSent.toLocaleString()}
      </p>
    </Card>
  );
}

interface ChartCardProps {
  title: string;
  label: string;
  samples: readonly Sample[];
  series: 'loop' | 'load';
}

function ChartCard({ title, label, samples, series }: ChartCardProps): ReactElement {
  return (
    <Card title={title} wide>
      <Chart samples={samples} series={series} label={label} />
      <p className={styles.soft}>
        {series === 'loop' ? systemText.loopLines : systemText.loadLine}, {systemText.lastMinutes}
      </p>
    </Card>
  );
}

function StagesCard({ stages }: { stages: Readonly<Record<string, number>> }): ReactElement {
  const entries = Object.entries(stages);
  const longest = Math.max(...entries.map(([, ms]) => ms), 0.001);
  return (
    <Card title={systemText.stages} wide>
      {entries.length === 0 ? <p className={styles.soft}>{systemText.noStages}</p> : null}
      <dl className={styles.stages}>
        {entries.map(([name, ms]) => (
          <div key={name}>
            <dt>{name.replaceAll('_', ' ')}</dt>
            <dd>
              <span style={{ width: `${String((ms / longest) * 100)}%` }} aria-hidden />
              <b className="figure">{ms.toFixed(1)} ms</b>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function ModelsCard(): ReactElement {
  return (
    <Card title={systemText.models} wide>
      <Suspense fallback={<LoadingRows label={systemText.models} />}>
        <ModelsSection />
      </Suspense>
    </Card>
  );
}
