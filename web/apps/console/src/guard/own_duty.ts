import { useSightline } from '@sightline/react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { ApiError, request } from '../api/http.ts';
import type { Duty } from '../api/types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { useMay } from '../session/session.ts';

/** A schedule switches by itself. */
const REREAD_MS = 30_000;
const TRIES = 5;
const RETRY_MS = 2_000;
const KEY = ['duty', 'me'];
const WANTED = 'sightline.duty';

export function useOwnDutyState(): UseQueryResult<Duty> {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => request<Duty>('/api/duty/me', { signal }),
    refetchInterval: REREAD_MS,
    enabled: useMay('handle_alerts'),
  });
}

export interface OwnDuty {
  duty: Duty | undefined;
  error: Error | null;
  /** What was said here and the server does not have yet; `null` when it has everything. */
  waiting: boolean | null;
  switchTo: (on: boolean) => void;
  retry: () => unknown;
}

/** Whether one is on duty, and the switch. What is said without a connection is kept, and said when there is one. */
export function useOwnDuty(): OwnDuty {
  const queries = useQueryClient();
  const { data, error, refetch } = useOwnDutyState();
  const [waiting, setWaiting] = useState<boolean | null>(restored);
  const live = useSightline().connection.status === 'authenticated';
  const { mutate } = useMutation({
    // It goes its own way: the library would hold it back for as long as the browser believes to be offline.
    networkMode: 'always',
    retry: (failures, problem) => failures < TRIES && isPassing(problem),
    retryDelay: RETRY_MS,
    mutationFn: (on: boolean) => request<Duty>('/api/duty/me/switch', { method: 'PUT', json: { on } }),
    onSuccess: (duty) => {
      keep(null);
      setWaiting(null);
      queries.setQueryData(KEY, duty);
      void queries.invalidateQueries({ queryKey: ['duty'] });
    },
    onError: (problem) => {
      // What did not reach the server waits for the connection; what it refused is over.
      if (isPassing(problem)) return;
      keep(null);
      setWaiting(null);
      notifyFailed(problem);
    },
  });
  useEffect(() => {
    if (live && waiting !== null) mutate(waiting);
    // Only a connection that came back is a reason to say it again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [live]);
  return {
    duty: data,
    error: data === undefined ? error : null,
    waiting,
    switchTo: (on) => {
      keep(on);
      setWaiting(on);
      mutate(on);
    },
    retry: refetch,
  };
}

function isPassing(problem: Error): boolean {
  return problem instanceof ApiError && (problem.status === 0 || problem.status >= 500);
}

function keep(on: boolean | null): void {
  if (on === null) window.sessionStorage.removeItem(WANTED);
  else window.sessionStorage.setItem(WANTED, on ? 'on' : 'off');
}

function restored(): boolean | null {
  const kept = window.sessionStorage.getItem(WANTED);
  return kept === null ? null : kept === 'on';
}
