import { browserDevice, SightlineClient } from '@sightline/client';
import { SightlineProvider, useSightline } from '@sightline/react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { useEffect, useMemo, useReducer, useRef, useState } from 'react';

import { carriesAPhone } from '../guard/carries_a_phone.ts';
import { useSession, session } from '../session/session.ts';
import { refreshSession } from '../session/sign_in.ts';
import { announceReplay, useAnnouncements } from './announcements.tsx';
import type { Live } from './live_context.ts';
import { LiveContext } from './live_context.ts';
import { NOTHING_YET, reduce } from './live_state.ts';
import { readInbox } from './read_inbox.ts';
import { declineStorage, positionStorage, tapStorage } from './storages.ts';

/** The connection and everything that comes over it, for the user who is signed in. */
export function LiveProvider({ children }: { children: ReactNode }): ReactElement {
  const userId = useSession()?.user.id ?? '';
  const [client] = useState(() => makeClient(userId));
  const token = useSession()?.token;
  useEffect(() => {
    if (token !== undefined) client.refresh(token);
  }, [client, token]);
  const queries = useQueryClient();
  useEffect(
    () => () => {
      // Signed out: whoever signs in next in this tab starts from nothing.
      queries.clear();
    },
    [queries],
  );
  return (
    <SightlineProvider client={client}>
      <LiveAlerts>{children}</LiveAlerts>
    </SightlineProvider>
  );
}

function LiveAlerts({ children }: { children: ReactNode }): ReactElement {
  const userId = useSession()?.user.id ?? '';
  const [state, dispatch] = useReducer(reduce, NOTHING_YET, (nothing) => ({
    ...nothing,
    declined: declineStorage(window.localStorage, userId).load(),
  }));
  const { declined } = state;
  useEffect(() => {
    declineStorage(window.localStorage, userId).save(declined);
  }, [userId, declined]);
  const queries = useQueryClient();
  const announce = useAnnouncements();
  const open = useQuery({
    queryKey: ['alerts', 'open'],
    queryFn: async ({ signal }) => {
      const askedAtMs = Date.now();
      const alerts = await readInbox(signal);
      dispatch({ kind: 'open_alerts', alerts, askedAtMs, nowMs: Date.now() });
      return alerts.length;
    },
    staleTime: Infinity,
  });
  const missed = useRef(0);
  /** Alerts shown by pages that asked for them themselves. */
  const outdate = (alertId: string): void => {
    void queries.invalidateQueries({ queryKey: ['alerts', 'history'] });
    void queries.invalidateQueries({ queryKey: ['alerts', 'one', alertId] });
    void queries.invalidateQueries({ queryKey: ['alerts', 'escalation', alertId] });
  };
  const { client } = useSightline({
    alert: ({ alert, replay }) => {
      dispatch({ kind: 'alert', alert, nowMs: Date.now() });
      outdate(alert.alert_id);
      if (replay) missed.current += 1;
      else announce.arrived(alert);
    },
    alertSnapshot: ({ alerts }) => {
      const nowMs = Date.now();
      dispatch({ kind: 'open_alerts', alerts, askedAtMs: nowMs, nowMs });
    },
    alertUpdated: (update) => {
      const known = state.alerts[update.alert_id];
      const level = update.escalation_level ?? 0;
      dispatch({ kind: 'updated', update, nowMs: Date.now() });
      outdate(update.alert_id);
      if (known !== undefined && update.state === 'open' && level > (known.escalation_level ?? 0)) announce.escalated(known, level);
    },
    recorded: (recorded) => {
      dispatch({ kind: 'recorded', recorded, nowMs: Date.now() });
      outdate(recorded.alert_id);
      announce.recorded(recorded);
    },
    tap: (tap) => {
      dispatch({ kind: 'tap', tap });
      if (tap.state === 'refused') announce.refused(tap);
    },
    caughtUp: () => {
      announceReplay(missed.current);
      missed.current = 0;
    },
    gap: () => {
      void open.refetch();
    },
    cameraChanged: (change) => {
      dispatch({ kind: 'camera', change });
      void queries.invalidateQueries({ queryKey: ['cameras'] });
    },
  });

  const { error, refetch } = open;
  const live = useMemo<Live>(
    () => ({
      state,
      error: state.loaded ? null : error,
      retry: refetch,
      acknowledge: (alertId, verdict) => {
        client.acknowledge(alertId, verdict);
      },
      decline: (alertId, reason) => {
        client.decline(alertId, reason === '' ? null : reason);
      },
    }),
    [state, error, refetch, client],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

function makeClient(userId: string): SightlineClient {
  const device = browserDevice(userId, window.localStorage, window.sessionStorage);
  const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
  return new SightlineClient({
    url: `${scheme}://${window.location.host}/ws/v1`,
    device,
    clientType: carriesAPhone(session.get()) ? 'mobile_app' : 'frontend',
    token: async (fresh) => {
      if (fresh && session.get() !== null) await refreshSession();
      return session.get()?.token ?? null;
    },
    taps: tapStorage(window.localStorage, device),
    positions: positionStorage(window.localStorage, device),
  });
}
