import type { QueryClient, UseQueryResult } from '@tanstack/react-query';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { ActionEntry, Seat, StandingRecord, Workstation } from '../api/workstation_types.ts';

const SEATS_MS = 1_500;
const REREAD_MS = 5_000;
const PAGE_SIZE = 50;

export function useWorkstations(): UseQueryResult<Workstation[]> {
  return useQuery({
    queryKey: ['workstations', 'list'],
    queryFn: ({ signal }) => request<Workstation[]>('/api/workstations', { signal }),
    refetchInterval: REREAD_MS,
  });
}

/** Who sits where now. */
export function useSeats(): UseQueryResult<Seat[]> {
  return useQuery({
    queryKey: ['workstations', 'seats'],
    queryFn: ({ signal }) => request<Seat[]>('/api/workstations/connected', { signal }),
    refetchInterval: SEATS_MS,
  });
}

/** Everybody who is paused or blocked. */
export function useStandings(): UseQueryResult<StandingRecord[]> {
  return useQuery({
    queryKey: ['workstations', 'standings'],
    queryFn: ({ signal }) => request<StandingRecord[]>('/api/workstations/standings', { signal }),
    refetchInterval: REREAD_MS,
  });
}

/** The action log, the newest first, a page at a time; what is new comes by itself while one page is open. */
export function useActions(search: string) {
  return useInfiniteQuery({
    queryKey: ['workstations', 'actions', search],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams(search);
      query.set('limit', String(PAGE_SIZE));
      if (pageParam !== null) {
        query.set('before_ms', String(pageParam.at));
        query.set('before_id', pageParam.id);
      }
      return request<ActionEntry[]>(`/api/workstations/actions?${query.toString()}`, { signal });
    },
    initialPageParam: null as ActionEntry | null,
    getNextPageParam: (page) => (page.length < PAGE_SIZE ? null : (page.at(-1) ?? null)),
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : REREAD_MS),
  });
}

export function workstationUrl(id: string): string {
  return `/api/workstations/${encodeURIComponent(id)}`;
}

export function outdateWorkstations(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries({ queryKey: ['workstations'] });
}
