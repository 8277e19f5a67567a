import type { AlertState } from '@sightline/client';

/** What may be done to an alert by whom. The server decides again; this decides which buttons there are. */
export interface Handling {
  take: boolean;
  /** Whoever took an alert may still say what it was. */
  judge: boolean;
}

export function handlingOf(alert: { state?: AlertState; by?: string | null }, myName: string, mayHandle: boolean): Handling {
  const open = (alert.state ?? 'open') === 'open';
  const mine = alert.state === 'acknowledged' && alert.by === myName;
  return { take: mayHandle && open, judge: mayHandle && (open || mine) };
}
