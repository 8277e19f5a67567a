import type { UseQueryResult } from '@tanstack/react-query';
import { useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { useMay } from '../session/session.ts';

/** Changes of state arrive over the connection; this catches what a reconnection missed. */
const REREAD_MS = 15_000;

export function useCameras(): UseQueryResult<Camera[]> {
  return useQuery({
    queryKey: ['cameras'],
    queryFn: ({ signal }) => request<Camera[]>('/api/cameras', { signal }),
    refetchInterval: REREAD_MS,
    enabled: useMay('see_cameras'),
  });
}
