import type { Alert, Trace } from '@sightline/client';

import { text } from '../text/everywhere.ts';
import { traceText } from '../text/trace.ts';
import { timeOrDate } from '../times/format.ts';
import { objectName } from '../wall/identity.ts';
import { similarityFigure } from './describe.ts';

export type Field = [name: string, value: string];

/** The rule that raised an alert, as a sentence; a rule that this console does not know keeps its own name. */
export function ruleSentence(trace: Trace): string | null {
  const seconds = (field: string): number => Math.round((numberOf(trace[field]) ?? 0) / 1_000);
  switch (trace.rule) {
    case undefined:
      return null;
    case 'watch_list':
      return traceText.rules.watch_list(stringOf(trace['watch_list']) ?? '', seconds('unseen_ms'), seconds('realert_ms'));
    case 'unknown_person':
      return traceText.rules.unknown_person(seconds('unseen_ms'));
    case 'camera_offline':
      return traceText.rules.camera_offline(seconds('offline_ms'));
    case 'person_detected':
    case 'vehicle_detected':
    case 'package_detected':
    case 'phone_detected':
      return traceText.rules.seen(objectName(stringOf(trace['label']) ?? ''), stringOf(trace['zone']));
    case 'line_crossed': {
      const way = trace['direction'] === 'in' || trace['direction'] === 'out' ? text.directions[trace['direction']] : '';
      return traceText.rules.line_crossed(objectName(stringOf(trace['label']) ?? ''), stringOf(trace['line']) ?? '', way);
    }
    case 'crowd_warning':
      return traceText.rules.crowd(numberOf(trace['people']) ?? 0, numberOf(trace['threshold']) ?? 0, stringOf(trace['zone']));
    case 'presentation_attack':
      return traceText.rules.attack;
    default:
      return trace.rule.replaceAll('_', ' ');
  }
}

/** One condition of the decision: what was found, and what it was held against. */
export interface Gate {
  gate: string;
  passed: boolean;
  value: number | string | null;
  limit: number | string | null;
}

export function gatesOf(trace: Trace): Gate[] {
  const gates = trace['gates'];
  return Array.isArray(gates) ? (gates as Gate[]).filter((one) => typeof one === 'object' && typeof one.gate === 'string') : [];
}

/** A figure of a gate, short enough for a table. */
export function gateFigure(value: Gate['value']): string {
  if (value === null) return '–';
  return typeof value === 'number' ? value.toLocaleString(undefined, { maximumFractionDigits: 3 }) : value.replaceAll('_', ' ');
}

/** The figures behind an alert, in words; those that were not recorded are left out. */
export function figuresOf(alert: Alert): Field[] {
  const trace = alert.why ?? {};
  const timings = (trace['timings'] ?? {}) as Record<string, unknown>;
  const received = numberOf(timings['received']);
  const similarity = numberOf(trace['similarity']);
  const firstSeen = numberOf(trace['first_seen']);
  const fields: [string, string | null][] = [
    [traceText.reason, stringOf(trace['reason'])],
    [traceText.margin, decimals(trace['margin'])],
    [traceText.nearest, alert.type === 'unknown_person' && similarity !== null ? similarityFigure(similarity) : null],
    [traceText.firstSeen, firstSeen === null ? null : timeOrDate(firstSeen, alert.timestamp)],
    [traceText.inference, inMs(numberOf(timings['inference_ms']))],
    [traceText.reported, inMs(received === null ? null : received - alert.timestamp)],
    [traceText.captureToAlert, inMs(alert.created_at === undefined ? null : alert.created_at - alert.timestamp)],
    [traceText.zone, stringOf(trace['zone'])],
    [traceText.line, stringOf(trace['line'])],
    [traceText.liveness, livenessOf(trace['liveness'])],
    [traceText.model, stringOf(trace['model'])],
  ];
  return fields.flatMap(([name, value]): Field[] => (value === null ? [] : [[name, value]]));
}

function livenessOf(value: unknown): string | null {
  const { state, score } = (value ?? {}) as { state?: unknown; score?: unknown };
  const [word, figure] = [stringOf(state)?.replaceAll('_', ' '), decimals(score)];
  return [word, figure].filter(Boolean).join(' · ') || null;
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
