import type { Alert } from '@sightline/client';

import { isAboutPerson } from './describe.ts';

/** What may be done to an alert by whom. The server decides again; this decides which buttons there are. */
export interface Handling {
  take: boolean;
  /** Whether what was seen is what the alert says: said when taking it, or later by whoever took it. */
  judge: boolean;
}

export function handlingOf(alert: Alert, myName: string, mayHandle: boolean): Handling {
  const open = (alert.state ?? 'open') === 'open';
  const mine = alert.state === 'acknowledged' && alert.by === myName;
  return { take: mayHandle && open, judge: mayHandle && (isAboutPerson(alert) || Boolean(alert.probe_url)) && (open || mine) };
}
