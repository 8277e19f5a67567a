import { Button, Popover, Text } from '@mantine/core';
import { useSightline, useStatistics } from '@sightline/react';
import type { ConnectionView } from '@sightline/client';
import type { ReactElement } from 'react';

import { text } from '../text/everywhere.ts';
import { Badge } from './connection_badge.tsx';

/** The badge with what it means, and the way to try again now. */
export default function ConnectionDetails(): ReactElement {
  const { client, connection } = useSightline();
  const { latency } = useStatistics();
  const live = connection.status === 'authenticated';
  return (
    <Popover position="bottom-end" width={290} withArrow shadow="md">
      <Popover.Target>
        <Badge />
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

function explanationOf({ reason, stopped }: ConnectionView): string {
  if (stopped !== null) return text.connection.stopped[stopped];
  return reason === '' ? text.connection.connecting : text.connection.banner(reason);
}
