import type { CameraState } from '../api/types.ts';
import { useCameras } from '../cameras/queries.ts';
import { useLive } from '../live/live_context.ts';
import { text } from '../text/everywhere.ts';

/** A camera's state: what came over the connection last, else what the list said. `null` before either. */
export function useCameraState(cameraId: string): { state: CameraState | null; reason: string } {
  const live = useLive().state.cameras[cameraId];
  const { data } = useCameras();
  if (live !== undefined && live.status in text.cameraState) return { state: live.status as CameraState, reason: live.reason };
  const status = data?.find((camera) => camera.id === cameraId)?.status;
  return { state: status?.state ?? null, reason: status?.reason ?? '' };
}
