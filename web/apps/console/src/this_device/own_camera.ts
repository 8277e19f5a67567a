import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { useCameras } from '../cameras/queries.ts';
import { deviceName } from '../push/device_name.ts';

const KEY = 'sightline.this_device.camera';
const PUBLISHED = 'whip:';

export interface OwnCamera {
  /** Cameras to which devices publish. */
  known: readonly Camera[];
  /** The chosen one's id; `null` for one that is made at the start. */
  chosen: string | null;
  choose: (id: string | null) => void;
  name: string;
  setName: (name: string) => void;
  /** The id of the camera to publish to, made now where it has to be. Raises `ApiError`. */
  make: (alertUnknown: boolean) => Promise<string>;
}

/** The camera that this device is: the one it was before, another, or a new one. */
export function useOwnCamera(): OwnCamera {
  const queries = useQueryClient();
  const known = (useCameras().data ?? []).filter(({ source }) => source.startsWith(PUBLISHED));
  const [wished, setWished] = useState<string | null>(() => window.localStorage.getItem(KEY));
  const [name, setName] = useState(deviceName);
  const chosen = known.some(({ id }) => id === wished) ? wished : null;
  const remember = (id: string | null): void => {
    setWished(id);
    if (id === null) window.localStorage.removeItem(KEY);
    else window.localStorage.setItem(KEY, id);
  };
  const create = useMutation({
    mutationFn: (alertUnknown: boolean) =>
      request<Camera>('/api/cameras', { method: 'POST', json: { name: name.trim(), source: PUBLISHED, alert_unknown: alertUnknown } }),
    onSuccess: async ({ id }) => {
      remember(id);
      await queries.invalidateQueries({ queryKey: ['cameras'] });
    },
  });
  return {
    known,
    chosen,
    choose: remember,
    name,
    setName,
    make: async (alertUnknown) => chosen ?? (await create.mutateAsync(alertUnknown)).id,
  };
}
