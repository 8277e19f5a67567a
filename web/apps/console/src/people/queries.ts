import type { QueryClient, UseQueryResult } from '@tanstack/react-query';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { PeoplePage, Person, Reference, WatchList } from '../api/types.ts';
import { useMay } from '../session/session.ts';

interface PeopleFilter {
  query?: string;
  watchList?: string | null;
}

const MOST_PEOPLE = 200;

export function usePeople({ query = '', watchList = null }: PeopleFilter): UseQueryResult<PeoplePage> {
  return useQuery({
    queryKey: ['people', 'list', query, watchList],
    queryFn: ({ signal }) => {
      const search = new URLSearchParams({ query, limit: String(MOST_PEOPLE) });
      if (watchList !== null) search.set('watch_list', watchList);
      return request<PeoplePage>(`/api/people?${search.toString()}`, { signal });
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
