import { UnstyledButton } from '@mantine/core';
import { useSightline } from '@sightline/react';
import type { ConnectionView } from '@sightline/client';
import type { ComponentProps, ReactElement } from 'react';
import { Suspense } from 'react';

import { text } from '../text/everywhere.ts';
import { useNow } from '../times/clock.ts';
import { timeOrDate } from '../times/format.ts';
import styles from './connection_badge.module.css';
import { fetched } from './fetched.ts';

const Details = fetched(() => import('./connection_details.tsx'));

/** Below this an outage is "reconnecting"; beyond it, the time it began says more. */
const LONG_OUTAGE_MS = 20_000;

/** Whether what is on the screen is live; the reason when it is not opens beneath. */
export function ConnectionBadge(): ReactElement {
  return (
    <Suspense fallback={<Badge />}>
      <Details />
    </Suspense>
  );
}

/** The badge itself, which takes what a popover wants to say about it. */
export function Badge(props: ComponentProps<'button'>): ReactElement {
  const { connection } = useSightline();
  const nowMs = useNow(500);
  return (
    <UnstyledButton {...props} className={styles.badge} data-tone={toneOf(connection)} data-testid="connection">
      <span className={styles.lamp} aria-hidden />
      <span role="status">{wordsOf(connection, nowMs)}</span>
    </UnstyledButton>
  );
}

function toneOf({ status, stopped }: ConnectionView): 'live' | 'wait' | 'down' {
  if (status === 'authenticated') return 'live';
  return stopped === null && status !== 'disconnected' ? 'wait' : 'down';
}

function wordsOf({ status, stopped, retryAtMs, lostAtMs }: ConnectionView, nowMs: number): string {
  if (status === 'authenticated') return text.connection.live;
  if (stopped !== null) return text.connection.stoppedShort;
  const down = lostAtMs === null ? 0 : nowMs - lostAtMs;
  if (lostAtMs !== null && down > LONG_OUTAGE_MS) return text.connection.offlineSince(timeOrDate(lostAtMs, nowMs));
  if (retryAtMs !== null) return text.connection.retryIn(Math.max(Math.ceil((retryAtMs - nowMs) / 1_000), 1));
  return status === 'connected' ? text.connection.signingIn : text.connection.connecting;
}
