import type { Alert } from '@sightline/client';

import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';

/** What an alert is about, in words. A type that this console does not know keeps its own name. */
export function typeName(alert: Alert): string {
  return alertsText.types[alert.type] ?? alert.type.replaceAll('_', ' ');
}

/** Who an alert is about; for alerts about no person, what. */
export function headline(alert: Alert): string {
  if (alert.person) return [alert.person.first_name, alert.person.last_name].filter(Boolean).join(' ');
  return alert.type === 'unknown_person' ? alertsText.unknownName : typeName(alert);
}

const WITHOUT_FACE = new Set(['person_detected', 'vehicle_detected', 'package_detected', 'phone_detected', 'line_crossed', 'crowd_warning']);

/** Whether an alert has faces to compare, or is about a body, a thing or a machine. */
export function isAboutPerson(alert: Alert): boolean {
  if (WITHOUT_FACE.has(alert.type)) return false;
  return Boolean(alert.person) || Boolean(alert.probe_url) || alert.type === 'unknown_person' || alert.type === 'watchlist_match';
}

export function similarityFigure(similarity: number): string {
  return similarity.toFixed(2);
}

/** Who has an alert, or what became of it without anybody taking it. */
export function holderOf(alert: Alert, myName: string): string {
  const state = alert.state ?? 'open';
  if (!alert.by) return state === 'open' ? alertsText.nobody : text.alertState[state];
  return alert.by === myName ? alertsText.takenByYou : alertsText.takenBy(alert.by);
}
