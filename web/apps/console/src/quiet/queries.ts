import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { NewQuietPeriod, QuietPeriod } from '../api/types.ts';

const REREAD_MS = 20_000;
const PATH = '/api/snoozes';

/** What is kept quiet, or will be. */
export function useQuietPeriods(): UseQueryResult<QuietPeriod[]> {
  return useQuery({
    queryKey: ['quiet'],
    queryFn: ({ signal }) => request<QuietPeriod[]>(PATH, { signal }),
    refetchInterval: REREAD_MS,
  });
}

export function useKeepQuiet(): UseMutationResult<QuietPeriod, Error, NewQuietPeriod> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (period: NewQuietPeriod) => request<QuietPeriod>(PATH, { method: 'POST', json: period }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['quiet'] }),
  });
}

export function useEndQuiet(): UseMutationResult<unknown, Error, QuietPeriod> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: QuietPeriod) => request(`${PATH}/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['quiet'] }),
  });
}
