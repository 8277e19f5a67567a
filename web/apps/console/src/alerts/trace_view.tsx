import { Table } from '@mantine/core';
import type { Alert, Trace, TraceSample } from '@sightline/client';
import type { ReactElement } from 'react';

import { text } from '../text.ts';
import { exactTime } from '../times/format.ts';
import { similarityFigure } from './describe.ts';
import styles from './trace_view.module.css';

const SHOWN_SAMPLES = 12;
const KNOWN_FIELDS = new Set(['rule', 'samples']);

/** Why an alert was raised: the rule, the looks it rests on with their quality and scores, whatever else was recorded. */
export function TraceView({ alert }: { alert: Alert }): ReactElement {
  const trace = alert.why ?? {};
  const samples = (trace.samples ?? []).slice(-SHOWN_SAMPLES);
  const others = plainFields(trace);
  const empty = trace.rule === undefined && samples.length === 0 && others.length === 0;
  return (
    <section className={styles.trace}>
      <h3>{text.trace.title}</h3>
      {empty ? <p className={styles.none}>{text.trace.none}</p> : null}
      <dl className={styles.fields}>
        {trace.rule === undefined ? null : <Field name={text.trace.rule} value={trace.rule} />}
        {alert.created_at === undefined ? null : (
          <Field name={text.trace.captureToAlert} value={`${String(alert.created_at - alert.timestamp)} ms`} />
        )}
        {others.map(([name, value]) => (
          <Field key={name} name={name.replaceAll('_', ' ')} value={value} />
        ))}
      </dl>
      {samples.length === 0 ? null : <Samples samples={samples} total={trace.samples?.length ?? 0} />}
    </section>
  );
}

function Field({ name, value }: { name: string; value: string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="figure">{value}</dd>
    </div>
  );
}

function Samples({ samples, total }: { samples: readonly TraceSample[]; total: number }): ReactElement {
  const firstMs = samples[0]?.timestamp ?? 0;
  return (
    <div className={styles.scroll}>
      <Table className={styles.table} verticalSpacing={5} horizontalSpacing={10}>
        <caption>{text.trace.samples(total)}</caption>
        <thead>
          <tr>
            <th scope="col">{text.trace.time}</th>
            <th scope="col">{text.trace.frame}</th>
            <th scope="col">{text.trace.quality}</th>
            <th scope="col">{text.trace.similarity}</th>
            <th scope="col">{text.trace.gates}</th>
          </tr>
        </thead>
        <tbody>
          {samples.map((sample) => (
            <tr key={`${String(sample.frame_id)}-${String(sample.timestamp)}`}>
              <td title={exactTime(sample.timestamp)}>+{((sample.timestamp - firstMs) / 1_000).toFixed(2)} s</td>
              <td>{sample.frame_id}</td>
              <td>
                <Bar value={sample.quality} />
              </td>
              <td>{typeof sample.similarity === 'number' ? similarityFigure(sample.similarity) : '–'}</td>
              <td>{sample.reasons?.length ? sample.reasons.join(', ').replaceAll('_', ' ') : text.trace.passed}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function Bar({ value }: { value: number }): ReactElement {
  return (
    <span className={styles.bar}>
      <span style={{ width: `${String(Math.min(Math.max(value, 0), 1) * 100)}%` }} />
      <b>{value.toFixed(2)}</b>
    </span>
  );
}

/** Fields of the trace that this console has no form for, flattened one level deep. */
function plainFields(trace: Trace): [name: string, value: string][] {
  return Object.entries(trace).flatMap(([name, value]): [string, string][] => {
    if (KNOWN_FIELDS.has(name) || value === null || value === undefined) return [];
    if (Array.isArray(value)) return [[name, value.map((one) => plain(one)).join(', ')]];
    if (typeof value !== 'object') return [[name, plain(value)]];
    return Object.entries(value).map(([inner, one]) => [`${name} ${inner}`, plain(one)]);
  });
}

function plain(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(3);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
