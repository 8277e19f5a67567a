import type { UseQueryResult } from '@tanstack/react-query';
import { useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { Duty } from '../api/types.ts';
import { useMay } from '../session/session.ts';

const REREAD_MS = 10_000;

/** Everybody who may be on duty, or only oneself for who may not see the others. */
export function useDuty(): UseQueryResult<Duty[]> {
  const all = useMay('manage_duty');
  return useQuery({
    queryKey: ['duty', all ? 'all' : 'mine'],
    queryFn: async ({ signal }) => (all ? await request<Duty[]>('/api/duty', { signal }) : [await request<Duty>('/api/duty/me', { signal })]),
    refetchInterval: REREAD_MS,
  });
}
