import type { ReactElement } from 'react';

import { useNow } from './clock.ts';
import { dateOnly, exactTime, shortSpan, timeOrDate } from './format.ts';

/** How long ago; the exact time on hover. */
export function Ago({ at, className }: { at: number; className?: string | undefined }): ReactElement {
  const nowMs = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)} className={className}>
      {shortSpan(Math.max(nowMs - at, 0))}
    </time>
  );
}

/** The time of day, or the date and time for another day; exact on hover. */
export function Clock({ at }: { at: number }): ReactElement {
  const nowMs = useNow(60_000);
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {timeOrDate(at, nowMs)}
    </time>
  );
}

export function Day({ at }: { at: number }): ReactElement {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {dateOnly(at)}
    </time>
  );
}
