import type { Alert } from '@sightline/client';

import { text } from '../text.ts';

/** What an alert is about, in words. A type that this console does not know keeps its own name. */
export function typeName(alert: Alert): string {
  return text.alerts.types[alert.type] ?? alert.type.replaceAll('_', ' ');
}

/** Who an alert is about; for alerts about no person, what. */
export function headline(alert: Alert): string {
  if (alert.person) return [alert.person.first_name, alert.person.last_name].filter(Boolean).join(' ');
  return alert.type === 'unknown_person' ? text.alerts.unknownName : typeName(alert);
}

/** Whether an alert has faces to compare, or is about a machine. */
export function isAboutPerson(alert: Alert): boolean {
  return Boolean(alert.person) || Boolean(alert.probe_url) || alert.type === 'unknown_person' || alert.type === 'watchlist_match';
}

export function similarityFigure(similarity: number): string {
  return similarity.toFixed(2);
}
