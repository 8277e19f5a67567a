import type { SightlineClient } from '@sightline/client';
import type { ReactElement, ReactNode } from 'react';
import { useEffect } from 'react';

import { ClientContext } from './context.ts';

interface ProviderProps {
  client: SightlineClient;
  children: ReactNode;
}

/**
 * Keeps `client` connected for as long as this is mounted, and gives it to `useSightline` below.
 *
 * React's StrictMode mounts twice: the client is connected, disconnected and connected again, which it takes well.
 */
export function SightlineProvider({ client, children }: ProviderProps): ReactElement {
  useEffect(() => {
    client.connect();
    return () => {
      client.disconnect();
    };
  }, [client]);
  return <ClientContext value={client}>{children}</ClientContext>;
}
