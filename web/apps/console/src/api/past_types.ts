/** What REST gives about the past. Times are milliseconds since the epoch. */
import type { Box } from '@sightline/client';

import type { Reference } from './types.ts';

export interface NamedCamera {
  id: string;
  /** Empty once the camera was removed. */
  name: string;
}

export interface Sighting {
  id: string;
  camera: NamedCamera;
  first_seen: number;
  last_seen: number;
  person: { id: string; name: string } | null;
  stranger: { id: string; number: number } | null;
  similarity: number | null;
  quality: number;
  live: number | null;
  width: number;
  samples: number;
  track_id: string;
  picture_url: string;
}

export interface Hit {
  similarity: number;
  sighting: Sighting;
}

export interface SearchAnswer {
  hits: Hit[];
  probe: { bbox: Box; quality: number; reasons: string[]; faces: number } | null;
  indexing: { indexed: number; total: number } | null;
  /** So many sightings, of all cameras and times, were left by another embedder: the probe cannot be compared with them. */
  other_models: number;
}

/** A stretch of time before one camera. */
export interface Visit {
  camera: NamedCamera;
  from: number;
  to: number;
  sightings: number;
  picture_url: string;
}

export interface CameraStay {
  camera: NamedCamera;
  sightings: number;
  seen_ms: number;
  first_seen: number;
  last_seen: number;
}

export interface Timeline {
  path: Visit[];
  cameras: CameraStay[];
  sightings: Sighting[];
  next: string | null;
}

export type StrangerState = 'open' | 'ignored' | 'merged';

export interface Stranger {
  id: string;
  number: number;
  state: StrangerState;
  created_at: number;
  sightings: number;
  first_seen: number | null;
  last_seen: number | null;
  merged: number[];
  merged_into: number | null;
  picture_url: string | null;
}

export interface StrangerReceipt {
  number: number;
  erased_at: number;
  sightings: number;
  alerts: number;
  pictures: number;
}

export interface Enrolled {
  person: { id: string; name: string };
  references: Reference[];
}

export interface Negative {
  id: string;
  person_id: string;
  source: string;
  source_id: string;
  by: string | null;
  created_at: number;
}
