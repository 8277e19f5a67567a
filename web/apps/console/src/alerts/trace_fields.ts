import type { Alert, Trace } from '@sightline/client';

import { text } from '../text.ts';
import { timeOrDate } from '../times/format.ts';
import { similarityFigure } from './describe.ts';

export type Field = [name: string, value: string];

/** The rule that raised an alert, as a sentence; a rule that this console does not know keeps its own name. */
export function ruleSentence(trace: Trace): string | null {
  const seconds = (field: string): number => Math.round((numberOf(trace[field]) ?? 0) / 1_000);
  switch (trace.rule) {
    case undefined:
      return null;
    case 'watch_list':
      return text.trace.rules.watch_list(stringOf(trace['watch_list']) ?? '', seconds('unseen_ms'), seconds('realert_ms'));
    case 'unknown_person':
      return text.trace.rules.unknown_person(seconds('unseen_ms'));
    case 'camera_offline':
      return text.trace.rules.camera_offline(seconds('offline_ms'));
    default:
      return trace.rule.replaceAll('_', ' ');
  }
}

/** The figures behind an alert, in words; those that were not recorded are left out. */
export function figuresOf(alert: Alert): Field[] {
  const trace = alert.why ?? {};
  const timings = (trace['timings'] ?? {}) as Record<string, unknown>;
  const received = numberOf(timings['received']);
  const similarity = numberOf(trace['similarity']);
  const firstSeen = numberOf(trace['first_seen']);
  const fields: [string, string | null][] = [
    [text.trace.reason, stringOf(trace['reason'])],
    [text.trace.margin, decimals(trace['margin'])],
    [text.trace.nearest, alert.type === 'unknown_person' && similarity !== null ? similarityFigure(similarity) : null],
    [text.trace.firstSeen, firstSeen === null ? null : timeOrDate(firstSeen, alert.timestamp)],
    [text.trace.inference, inMs(numberOf(timings['inference_ms']))],
    [text.trace.reported, inMs(received === null ? null : received - alert.timestamp)],
    [text.trace.captureToAlert, inMs(alert.created_at === undefined ? null : alert.created_at - alert.timestamp)],
    [text.trace.model, stringOf(trace['model'])],
  ];
  return fields.flatMap(([name, value]): Field[] => (value === null ? [] : [[name, value]]));
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function stringOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function decimals(value: unknown): string | null {
  return typeof value === 'number' ? value.toFixed(3) : null;
}

function inMs(value: number | null): string | null {
  return value === null ? null : `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}
