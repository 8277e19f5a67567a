import { useQuery } from '@tanstack/react-query';
import type { RefCallback } from 'react';
import { useCallback } from 'react';

import type { ApiError } from '../api/http.ts';
import { requestPicture } from '../api/http.ts';

const KEPT_MS = 5 * 60_000;

export interface Picture {
  blob: Blob | undefined;
  error: ApiError | null;
}

/** A picture behind the token. What a URL of ours shows does not change, so it is fetched once. */
export function usePicture(url: string | null | undefined): Picture {
  const { data, error } = useQuery<Blob, ApiError>({
    queryKey: ['picture', url],
    queryFn: ({ signal }) => requestPicture(url ?? '', signal),
    enabled: typeof url === 'string',
    staleTime: Infinity,
    gcTime: KEPT_MS,
  });
  return { blob: data, error };
}

/** Shows a blob in an `<img>` for as long as that is mounted; the object URL is revoked with it. */
export function useBlobImage(blob: Blob): RefCallback<HTMLImageElement> {
  return useCallback(
    (image: HTMLImageElement | null) => {
      if (image === null) return undefined;
      const url = URL.createObjectURL(blob);
      image.src = url;
      return () => {
        URL.revokeObjectURL(url);
      };
    },
    [blob],
  );
}
