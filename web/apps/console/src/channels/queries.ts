import type { UseQueryResult } from '@tanstack/react-query';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { Channel, DeadLetter } from '../api/types.ts';

const REREAD_MS = 5_000;
const PAGE_SIZE = 50;

export function useChannels(): UseQueryResult<Channel[]> {
  return useQuery({
    queryKey: ['channels'],
    queryFn: ({ signal }) => request<Channel[]>('/api/channels', { signal }),
    refetchInterval: REREAD_MS,
  });
}

/** What was given up, newest first, a page at a time. */
export function useDeadLetters() {
  return useInfiniteQuery({
    queryKey: ['dead-letters'],
    queryFn: ({ pageParam, signal }) =>
      request<DeadLetter[]>(`/api/dead-letters?limit=${String(PAGE_SIZE)}&offset=${String(pageParam)}`, { signal }),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => (page.length < PAGE_SIZE ? null : pages.length * PAGE_SIZE),
    refetchInterval: REREAD_MS,
  });
}
