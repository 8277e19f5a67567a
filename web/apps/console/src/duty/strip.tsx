import type { ReactElement } from 'react';

import { dutyText } from '../text/duty.ts';
import { clockTime } from '../times/format.ts';
import type { Span } from './schedule.ts';
import styles from './strip.module.css';

interface StripProps {
  spans: readonly Span[];
  fromMs: number;
  untilMs: number;
  label: string;
  tone?: 'person' | 'cover';
}

const HOUR_MS = 60 * 60_000;

/** A day as a line: filled where somebody is on duty. What it shows is its label, in words. */
export function Strip({ spans, fromMs, untilMs, label, tone = 'person' }: StripProps): ReactElement {
  const share = (ms: number): string => `${String((ms / (untilMs - fromMs)) * 100)}%`;
  return (
    <div className={styles.strip} data-tone={tone} role="img" aria-label={label}>
      {spans.map((span) => (
        <span key={span.fromMs} style={{ left: share(span.fromMs - fromMs), width: share(span.untilMs - span.fromMs) }} />
      ))}
    </div>
  );
}

/** The hours under strips, in the reader's zone; the first is now. */
export function StripHours({ fromMs, untilMs }: { fromMs: number; untilMs: number }): ReactElement {
  const step = 6 * HOUR_MS;
  const first = Math.ceil((fromMs + HOUR_MS) / HOUR_MS) * HOUR_MS;
  const hours = Array.from({ length: Math.floor((untilMs - first) / step) + 1 }, (_, index) => first + index * step).filter(
    (at) => untilMs - at > HOUR_MS,
  );
  return (
    <div className={styles.hours} aria-hidden>
      <span style={{ left: 0 }}>{dutyText.now}</span>
      {hours.slice(1).map((at) => (
        <span key={at} data-inner style={{ left: `${String(((at - fromMs) / (untilMs - fromMs)) * 100)}%` }}>
          {clockTime(at)}
        </span>
      ))}
    </div>
  );
}
