import { Button } from '@mantine/core';
import { useSightline } from '@sightline/react';
import { IconPlugConnectedX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { text } from '../text/everywhere.ts';
import styles from './connection_banner.module.css';

/** Says over every page that what it shows may be old. A first connection attempt is no reason to shout. */
export function ConnectionBanner(): ReactElement | null {
  const { client, connection } = useSightline();
  const { stopped, lostAtMs, reason } = connection;
  if (connection.status === 'authenticated' || (lostAtMs === null && stopped === null)) return null;
  return (
    <div className={styles.banner} role="alert">
      <IconPlugConnectedX size={20} stroke={1.7} aria-hidden />
      <span>{stopped === null ? text.connection.banner(reason) : text.connection.stopped[stopped]}</span>
      <Button
        size="xs"
        variant="default"
        onClick={() => {
          client.retryNow();
        }}
      >
        {stopped === 'superseded' ? text.connection.takeOver : text.connection.retryNow}
      </Button>
    </div>
  );
}
