import type { ConnectionView, SessionEvents, SightlineClient, Statistics } from '@sightline/client';
import { use, useEffect, useEffectEvent, useState, useSyncExternalStore } from 'react';

import { ClientContext } from './context.ts';

/** A handler for each event that is of interest; they may change at every render. */
export type SightlineHandlers = { [Name in keyof SessionEvents]?: (value: SessionEvents[Name]) => void };

export interface Sightline {
  client: SightlineClient;
  connection: ConnectionView;
}

/**
 * The client of the surrounding `SightlineProvider`, and its connection, kept up to date.
 *
 * `handlers` are added when the component mounts and removed when it goes; the newest function is always the one
 * called. Which events are listened to is fixed by the first render.
 */
export function useSightline(handlers: SightlineHandlers = {}): Sightline {
  const client = useClient();
  const [names] = useState(() => Object.keys(handlers) as (keyof SessionEvents)[]);
  const call = useEffectEvent((name: keyof SessionEvents, value: never) => {
    (handlers[name] as ((value: never) => void) | undefined)?.(value);
  });
  useEffect(() => {
    const removals = names.map((name) =>
      client.on(name, (value) => {
        call(name, value as never);
      }),
    );
    return () => {
      for (const remove of removals) remove();
    };
  }, [client, names]);
  const connection = useSyncExternalStore(
    (changed) => client.on('connection', changed),
    () => client.connection,
  );
  return { client, connection };
}

/** The connection's figures, read anew every `everyMs`. */
export function useStatistics(everyMs = 1_000): Statistics {
  const client = useClient();
  const [statistics, setStatistics] = useState(client.statistics);
  useEffect(() => {
    const timer = setInterval(() => {
      setStatistics(client.statistics);
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [client, everyMs]);
  return statistics;
}

/** The client of the surrounding `SightlineProvider`. */
export function useClient(): SightlineClient {
  const client = use(ClientContext);
  if (client === null) throw new Error('useSightline needs a SightlineProvider above it');
  return client;
}
