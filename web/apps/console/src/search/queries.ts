import type { QueryClient, UseQueryResult } from '@tanstack/react-query';
import { keepPreviousData, useIsMutating, useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { Timeline } from '../api/past_types.ts';

const REREAD_MS = 10_000;
const ENDS_SOMEBODY = ['ends_somebody'];
const MOST_SIGHTINGS = 1_000;

/** Whether somebody is being enrolled or erased: they may be gone before the answer to that is here. */
export function useIsEnding(): boolean {
  return useIsMutating({ mutationKey: ENDS_SOMEBODY }) > 0;
}

/** Where somebody was within [fromMs, toMs); `owner` is `people` or `strangers`. */
export function useTimeline(owner: 'people' | 'strangers', id: string, fromMs: number, toMs: number): UseQueryResult<Timeline> {
  const isEnding = useIsEnding();
  return useQuery({
    queryKey: ['past', 'timeline', owner, id, fromMs, toMs],
    queryFn: ({ signal }) =>
      request<Timeline>(
        `/api/${owner}/${encodeURIComponent(id)}/sightings?from=${String(fromMs)}&to=${String(toMs)}&limit=${String(MOST_SIGHTINGS)}`,
        { signal },
      ),
    enabled: ({ state }) => !isEnding || state.data !== undefined,
    refetchInterval: isEnding ? false : REREAD_MS,
    placeholderData: keepPreviousData,
  });
}

/** What a change begins with after which there is nobody of that id any more: nothing is asked about them meanwhile. */
export function endsSomebody(queries: QueryClient): { mutationKey: readonly string[]; onMutate: () => Promise<void> } {
  return { mutationKey: ENDS_SOMEBODY, onMutate: () => queries.cancelQueries({ queryKey: ['past'] }) };
}

/**
 * After anything about sightings, strangers or who is not whom changed. With `later` only what is shown next is read
 * again: the page that is being left shows somebody whom there is no more.
 */
export async function outdatePast(queries: QueryClient, later = false): Promise<void> {
  const refetchType = later ? 'none' : 'active';
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['past'], refetchType }),
    queries.invalidateQueries({ queryKey: ['search'], refetchType }),
  ]);
}
