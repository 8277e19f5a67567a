import { useQuery } from '@tanstack/react-query';

import type { AlertClip } from '../api/clip_types.ts';
import type { ApiError } from '../api/http.ts';
import { request, requestPicture } from '../api/http.ts';

const ASK_AGAIN_MS = 3_000;
const KEPT_MS = 5 * 60_000;

/** Whether an alert has a clip, asked again while it is being recorded. */
export function useClip(alertId: string): AlertClip | undefined {
  const { data } = useQuery<AlertClip, ApiError>({
    queryKey: ['alerts', 'clip', alertId],
    queryFn: ({ signal }) => request<AlertClip>(`/api/alerts/${encodeURIComponent(alertId)}/clip`, { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'recording' ? ASK_AGAIN_MS : false),
    staleTime: ({ state }) => (state.data?.state === 'ready' ? KEPT_MS : 0),
  });
  return data;
}

export interface ClipFile {
  blob: Blob | undefined;
  error: ApiError | null;
  retry: () => void;
}

/** The clip itself, fetched once somebody wants to see it: who looks is recorded. */
export function useClipFile(clip: AlertClip, wanted: boolean): ClipFile {
  const { data, error, refetch } = useQuery<Blob, ApiError>({
    queryKey: ['alerts', 'clip', clip.alert_id, 'file'],
    queryFn: ({ signal }) => requestPicture(clip.clip_url ?? '', signal),
    enabled: wanted && clip.clip_url !== null,
    staleTime: Infinity,
    gcTime: KEPT_MS,
  });
  return {
    blob: data,
    error,
    retry: () => {
      void refetch();
    },
  };
}
