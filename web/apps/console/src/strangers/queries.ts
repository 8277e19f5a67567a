import type { UseQueryResult } from '@tanstack/react-query';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { Stranger, StrangerState } from '../api/past_types.ts';

const PAGE_SIZE = 60;
const REREAD_MS = 15_000;

export function strangerUrl(id: string): string {
  return `/api/strangers/${encodeURIComponent(id)}`;
}

/** The newest number first, a page at a time. */
export function useStrangers(state: StrangerState) {
  return useInfiniteQuery({
    queryKey: ['past', 'strangers', state],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ state, limit: String(PAGE_SIZE) });
      if (pageParam !== null) query.set('before', String(pageParam));
      return (await request<{ strangers: Stranger[] }>(`/api/strangers?${query.toString()}`, { signal })).strangers;
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length < PAGE_SIZE ? null : (page.at(-1)?.number ?? null)),
    refetchInterval: REREAD_MS,
  });
}

export function useStranger(id: string): UseQueryResult<Stranger> {
  return useQuery({
    queryKey: ['past', 'stranger', id],
    queryFn: ({ signal }) => request<Stranger>(strangerUrl(id), { signal }),
  });
}
