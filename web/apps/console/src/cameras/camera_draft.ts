import type { Camera, CameraDraft } from '../api/types.ts';
import { camerasText } from '../text/cameras.ts';

export const NO_CAMERA: CameraDraft = {
  name: '',
  source: '',
  substream: '',
  latitude: null,
  longitude: null,
  analysis_fps: 5,
  enabled: true,
  alert_unknown: false,
  rotation: 0,
  blur_faces: 'off',
};

export type CameraFaults = Partial<Record<'name' | 'source' | 'latitude', string>>;

export function draftOf(camera: Camera): CameraDraft {
  const { name, source, substream, latitude, longitude, analysis_fps, enabled, alert_unknown, rotation, blur_faces } = camera;
  return { name, source, substream, latitude, longitude, analysis_fps, enabled, alert_unknown, rotation, blur_faces };
}

/** What is wrong with a draft, by field; empty when it may be sent. The source itself is tested by the server. */
export function faultsOf(draft: CameraDraft): CameraFaults {
  const { latitude, longitude } = draft;
  const halfGiven = (latitude === null) !== (longitude === null);
  const impossible = Math.abs(latitude ?? 0) > 90 || Math.abs(longitude ?? 0) > 180;
  return {
    ...(draft.name.trim() === '' ? { name: camerasText.nameMissing } : {}),
    ...(draft.source.trim() === '' ? { source: camerasText.sourceMissing } : {}),
    ...(halfGiven || impossible ? { latitude: camerasText.coordinates } : {}),
  };
}

/** Only what changed: a source that still shows *** is not sent at all. */
export function changesOf(camera: Camera, draft: CameraDraft): Partial<CameraDraft> {
  const before = draftOf(camera);
  return Object.fromEntries(
    Object.entries(draft).filter(([field, value]) => before[field as keyof CameraDraft] !== value),
  );
}
