/** An escalation as a story: one entry for everything that happened, in order. Pure. */
import type { Alert } from '@sightline/client';

import type { Escalation, EscalationStep } from '../api/types.ts';
import { distanceWords } from '../guard/geo.ts';
import { deliveryText } from '../text/delivery.ts';
import { text } from '../text/everywhere.ts';

export type Mark = 'raised' | 'person' | 'everybody' | 'outside' | 'not_received' | 'not_acknowledged' | 'declined' | 'waiting' | 'taken';

export interface Told {
  mark: Mark;
  title: string;
  detail: string;
  /** `null`: it has not happened yet. */
  at: number | null;
}

export function entriesOf(alert: Alert, { steps, declines }: Escalation): Told[] {
  const words = deliveryText;
  const raised: Told = {
    mark: 'raised',
    title: words.raised,
    detail: steps.length === 0 ? words.atOnce : '',
    at: alert.created_at ?? alert.timestamp,
  };
  const told = steps.flatMap((step) => [toldEntry(step), ...outcomeEntry(step)]);
  const declined: Told[] = declines.map(({ name, at, reason }) => ({
    mark: 'declined',
    title: words.cannot(name ?? words.somebody),
    detail: reason,
    at,
  }));
  const taken: Told[] = alert.by && alert.at ? [{ mark: 'taken', title: words.taken(alert.by), detail: verdictOf(alert), at: alert.at }] : [];
  // Who is asked because somebody cannot is told in the same millisecond: the reason comes first.
  const past = [raised, ...declined, ...told, ...taken].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  const last = steps.at(-1);
  const waits = (alert.state ?? 'open') === 'open' && last?.outcome === null;
  return waits ? [...past, { mark: 'waiting', title: words.waiting, detail: '', at: null }] : past;
}

function toldEntry({ user_id, name, reason, outside, distance_m, told_at }: EscalationStep): Told {
  const words = deliveryText;
  const why = words.reasons[reason] ?? reason.replaceAll('_', ' ');
  const away = distance_m === null ? '' : words.away(distanceWords(distance_m));
  return {
    mark: outside ? 'outside' : user_id === null ? 'everybody' : 'person',
    title: [user_id === null ? words.everybody : (name ?? words.somebody), outside ? words.outside : ''].filter(Boolean).join(' '),
    detail: [why, away].filter(Boolean).join(', '),
    at: told_at,
  };
}

/** How a step ended. A decline has an entry of its own, with its reason, and the end of all is that it was taken. */
function outcomeEntry({ outcome, ended_at, name }: EscalationStep): Told[] {
  if (outcome === null || outcome === 'ended' || outcome === 'declined' || ended_at === null) return [];
  return [{ mark: outcome, title: deliveryText.outcomes[outcome], detail: name ?? '', at: ended_at }];
}

function verdictOf(alert: Alert): string {
  return alert.verdict ? text.verdict[alert.verdict] : '';
}
