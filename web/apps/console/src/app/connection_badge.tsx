import { Button, Popover, Text, UnstyledButton } from '@mantine/core';
import { useSightline, useStatistics } from '@sightline/react';
import type { ConnectionView } from '@sightline/client';
import type { ReactElement } from 'react';

import { text } from '../text.ts';
import { useNow } from '../times/clock.ts';
import { timeOrDate } from '../times/format.ts';
import styles from './connection_badge.module.css';

/** Below this an outage is "reconnecting"; beyond it, the time it began says more. */
const LONG_OUTAGE_MS = 20_000;

/** Whether what is on the screen is live; with the reason when it is not. */
export function ConnectionBadge(): ReactElement {
  const { client, connection } = useSightline();
  const { latency } = useStatistics();
  const nowMs = useNow(500);
  const live = connection.status === 'authenticated';
  return (
    <Popover position="bottom-end" width={290} withArrow shadow="md">
      <Popover.Target>
        <UnstyledButton className={styles.badge} data-tone={toneOf(connection)} data-testid="connection">
          <span className={styles.lamp} aria-hidden />
          <span role="status">{wordsOf(connection, nowMs)}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm">{live ? text.connection.liveHint(latency) : explanationOf(connection)}</Text>
        {live ? null : (
          <Button
            mt="sm"
            size="xs"
            fullWidth
            onClick={() => {
              client.retryNow();
            }}
          >
            {connection.stopped === 'superseded' ? text.connection.takeOver : text.connection.retryNow}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function toneOf({ status, stopped }: ConnectionView): 'live' | 'wait' | 'down' {
  if (status === 'authenticated') return 'live';
  return stopped === null && status !== 'disconnected' ? 'wait' : 'down';
}

function explanationOf({ reason, stopped }: ConnectionView): string {
  if (stopped !== null) return text.connection.stopped[stopped];
  return reason === '' ? text.connection.connecting : text.connection.banner(reason);
}

function wordsOf({ status, stopped, retryAtMs, lostAtMs }: ConnectionView, nowMs: number): string {
  if (status === 'authenticated') return text.connection.live;
  if (stopped !== null) return text.connection.stoppedShort;
  const down = lostAtMs === null ? 0 : nowMs - lostAtMs;
  if (lostAtMs !== null && down > LONG_OUTAGE_MS) return text.connection.offlineSince(timeOrDate(lostAtMs, nowMs));
  if (retryAtMs !== null) return text.connection.retryIn(Math.max(Math.ceil((retryAtMs - nowMs) / 1_000), 1));
  return status === 'connected' ? text.connection.signingIn : text.connection.connecting;
}
