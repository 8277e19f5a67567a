import type { QueryClient, UseQueryResult } from '@tanstack/react-query';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { PeoplePage, Person, Reference, WatchList } from '../api/types.ts';
import { useMay } from '../session/session.ts';

interface PeopleFilter {
  query?: string;
  watchList?: string | null;
}

const PAGE_SIZE = 120;

/** People by name, a page at a time. */
export function usePeople({ query = '', watchList = null }: PeopleFilter) {
  return useInfiniteQuery({
    queryKey: ['people', 'list', query, watchList],
    queryFn: ({ pageParam, signal }) => {
      const search = new URLSearchParams({ query, limit: String(PAGE_SIZE), offset: String(pageParam) });
      if (watchList !== null) search.set('watch_list', watchList);
      return request<PeoplePage>(`/api/people?${search.toString()}`, { signal });
    },
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const read = pages.reduce((sum, page) => sum + page.people.length, 0);
      return read < last.total && last.people.length > 0 ? read : null;
    },
    placeholderData: keepPreviousData,
    enabled: useMay('see_people'),
  });
}

export function usePerson(personId: string): UseQueryResult<Person> {
  return useQuery({
    queryKey: ['people', 'one', personId],
    queryFn: ({ signal }) => request<Person>(personUrl(personId), { signal }),
  });
}

export function useReferences(personId: string): UseQueryResult<Reference[]> {
  return useQuery({
    queryKey: ['people', 'references', personId],
    queryFn: ({ signal }) => request<Reference[]>(`${personUrl(personId)}/references`, { signal }),
  });
}

export function useWatchLists(): UseQueryResult<WatchList[]> {
  return useQuery({
    queryKey: ['watch-lists'],
    queryFn: ({ signal }) => request<WatchList[]>('/api/watch-lists', { signal }),
    enabled: useMay('see_people'),
  });
}

export function personUrl(personId: string): string {
  return `/api/people/${encodeURIComponent(personId)}`;
}

/** After anything about people or lists changed: both show figures of the other. */
export async function outdatePeople(queries: QueryClient): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['people'] }),
    queries.invalidateQueries({ queryKey: ['watch-lists'] }),
  ]);
}
