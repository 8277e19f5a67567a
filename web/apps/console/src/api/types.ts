/** The gateway's REST contract. Times are milliseconds since the epoch; picture URLs are relative and need the token. */
import type { Alert as WireAlert, AlertState, Box, Severity } from '@sightline/client';

export type Role = 'admin' | 'operator' | 'responder' | 'viewer';
export type Right =
  | 'see_alerts'
  | 'handle_alerts'
  | 'see_cameras'
  | 'manage_cameras'
  | 'see_people'
  | 'manage_people'
  | 'identify'
  | 'analyse'
  | 'manage_users'
  | 'see_system';

export interface Me {
  id: string;
  name: string;
  role: Role;
  rights: Right[];
}

export interface TokenAnswer {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  user: Me;
}

export interface Account {
  id: string;
  name: string;
  role: Role;
  disabled: boolean;
  created_at: number;
}

export type CameraState = 'disabled' | 'connecting' | 'online' | 'stalled' | 'offline';

export interface CameraStatus {
  state: CameraState;
  reason: string;
  since: number;
  width: number;
  height: number;
  fps: number;
  analysed_fps: number;
}

export interface Camera {
  id: string;
  name: string;
  source: string;
  has_credentials: boolean;
  latitude: number | null;
  longitude: number | null;
  analysis_fps: number;
  enabled: boolean;
  alert_unknown: boolean;
  created_at: number;
  status: CameraStatus;
}

export interface CameraDraft {
  name: string;
  source: string;
  latitude: number | null;
  longitude: number | null;
  analysis_fps: number;
  enabled: boolean;
  alert_unknown: boolean;
}

export interface CameraTest {
  ok: boolean;
  message: string;
  width: number;
  height: number;
  fps: number;
  codec: string;
  /** Base64 JPEG. */
  picture: string | null;
}

export interface Person {
  id: string;
  first_name: string;
  last_name: string;
  name: string;
  age: number | null;
  description: string;
  created_at: number;
  references: number;
  watch_lists: string[];
  portrait_url: string | null;
}

export interface PersonDraft {
  first_name: string;
  last_name: string;
  age: number | null;
  description: string;
  watch_lists: string[];
}

export interface PeoplePage {
  people: Person[];
  total: number;
}

export interface Reference {
  id: string;
  quality: number;
  file_name: string;
  created_at: number;
  image_url: string;
}

export interface ReferenceResult {
  file_name: string;
  accepted: boolean;
  reason_codes: string[];
  reasons: string[];
  reference: Reference | null;
  quality: number | null;
}

export interface ErasureReceipt {
  person_id: string;
  erased_at: number;
  references: number;
  alerts: number;
  events: number;
  pictures: number;
}

export interface WatchList {
  id: string;
  name: string;
  severity: Severity;
  enabled: boolean;
  people: number;
  created_at: number;
}

/** An alert as REST and the alert snapshot show it: with its present state. */
export type Alert = WireAlert;

export interface AlertFilter {
  state: AlertState[];
  camera: string | null;
  person: string | null;
}

export interface IdentifiedFace {
  bbox: Box;
  confidence: number;
  person: { id: string; name: string } | null;
  similarity: number | null;
  quality: number;
  reasons: string[];
}

export interface Identification {
  faces: IdentifiedFace[];
  width: number;
  height: number;
}

export interface ModelState {
  task?: string;
  name?: string;
  loaded: boolean;
  path?: string;
  device?: string;
  reason?: string;
}

export interface System {
  version: string;
  started_at: number;
  engine: {
    state: 'connected' | 'starting' | 'down';
    since: number;
    restarts: number;
    reason?: string;
    /** In [0, 1]; `null` while no engine is connected. */
    load: number | null;
    warnings: string[];
    stage_ms: Record<string, number>;
  };
  event_loop: { p50_ms: number; p99_ms: number; p999_ms: number; max_ms: number };
  log: { epoch: string; top: number; floor: number };
  connections: number;
  clients: Record<string, number>;
  disk: { free_bytes: number; total_bytes?: number };
  models: ModelState[];
}
