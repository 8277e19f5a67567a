import type { Alert, TraceSample } from '@sightline/client';
import type { ReactElement } from 'react';

import { traceText } from '../text/trace.ts';
import { exactTime } from '../times/format.ts';
import { similarityFigure } from './describe.ts';
import type { Gate } from './trace_fields.ts';
import { figuresOf, gateFigure, gatesOf, ruleSentence } from './trace_fields.ts';
import styles from './trace_view.module.css';

const SHOWN_SAMPLES = 12;

/** Why an alert was raised: the rule, the figures, and the looks it rests on with their quality and scores. */
export function TraceView({ alert }: { alert: Alert }): ReactElement {
  const trace = alert.why ?? {};
  const samples = (trace.samples ?? []).slice(-SHOWN_SAMPLES);
  const rule = ruleSentence(trace);
  return (
    <section className={styles.trace}>
      <h2>{traceText.title}</h2>
      <p className={styles.rule}>{rule ?? traceText.none}</p>
      {trace['late'] === true ? <p className={styles.late}>{traceText.late}</p> : null}
      <dl className={styles.fields}>
        {figuresOf(alert).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="figure">{value}</dd>
          </div>
        ))}
      </dl>
      <Gates gates={gatesOf(trace)} />
      {samples.length === 0 ? null : <Samples samples={samples} total={trace.samples?.length ?? 0} />}
    </section>
  );
}

/** What had to be so for this alert to be raised, and whether it was. */
function Gates({ gates }: { gates: readonly Gate[] }): ReactElement | null {
  if (gates.length === 0) return null;
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <caption>{traceText.conditions}</caption>
        <tbody>
          {gates.map((one) => (
            <tr key={one.gate}>
              <th scope="row">{one.gate.replaceAll('_', ' ')}</th>
              <td>{one.passed ? `✓ ${traceText.held}` : `✗ ${traceText.notHeld}`}</td>
              <td>{gateFigure(one.value)}</td>
              <td>{one.limit === null ? '' : traceText.against(gateFigure(one.limit))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Samples({ samples, total }: { samples: readonly TraceSample[]; total: number }): ReactElement {
  const firstMs = samples[0]?.timestamp ?? 0;
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <caption>{traceText.samples(total)}</caption>
        <thead>
          <tr>
            <th scope="col">{traceText.time}</th>
            <th scope="col">{traceText.frame}</th>
            <th scope="col">{traceText.quality}</th>
            <th scope="col">{traceText.similarity}</th>
            <th scope="col">{traceText.gates}</th>
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
              <td>{sample.reasons?.length ? sample.reasons.join(', ').replaceAll('_', ' ') : traceText.passed}</td>
            </tr>
          ))}
        </tbody>
      </table>
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
