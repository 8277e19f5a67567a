/** The gateway's REST contract. Times are milliseconds since the epoch; picture URLs are relative and need the token. */
import type { Alert as WireAlert, AlertState, Box, Severity } from '@sightline/client';
import type { PersonFootage } from './footage_types.ts';

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
  | 'manage_channels'
  | 'manage_duty'
  | 'snooze_alerts'
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

export type Rotation = 0 | 90 | 180 | 270;
export type FaceBlur = 'off' | 'unknown' | 'all';

export interface Camera {
  id: string;
  name: string;
  source: string;
  substream: string;
  has_credentials: boolean;
  latitude: number | null;
  longitude: number | null;
  analysis_fps: number;
  enabled: boolean;
  alert_unknown: boolean;
  rotation: Rotation;
  blur_faces: FaceBlur;
  created_at: number;
  status: CameraStatus;
}

export interface CameraDraft {
  name: string;
  source: string;
  substream: string;
  latitude: number | null;
  longitude: number | null;
  analysis_fps: number;
  enabled: boolean;
  alert_unknown: boolean;
  rotation: Rotation;
  blur_faces: FaceBlur;
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
  sightings: number;
  negatives: number;
  alerts: number;
  events: number;
  pictures: number;
  /** Pieces that were deleted. */
  recordings: number;
  /** What still shows the person: no part of a receipt that is handed over. */
  footage: PersonFootage;
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

/** A weekly shift: weekday 0 is Monday; one that ends no later than it starts ends on the next day. */
export interface Shift {
  weekday: number;
  start_minute: number;
  end_minute: number;
}

/** On duty or not in a span of time, whatever the week says; of two that overlap the later one counts. */
export interface DutyException {
  from_ms: number;
  until_ms: number;
  on: boolean;
  reason: string;
}

export interface Roster {
  timezone: string;
  shifts: Shift[];
  exceptions: DutyException[];
  latitude: number | null;
  longitude: number | null;
}

export type DutyReason = 'switch' | 'field' | 'exception' | 'schedule' | 'none';

export interface Duty {
  user_id: string;
  name: string;
  role: Role;
  on_duty: boolean;
  reason: DutyReason;
  connected: boolean;
  push: boolean;
  fix_age_ms: number | null;
  roster: Roster | null;
}

export type QuietKind = 'snooze' | 'maintenance';

/** A time in which events are recorded and alerts are not raised; without `camera_id` of all cameras. */
export interface QuietPeriod {
  id: string;
  kind: QuietKind;
  camera_id: string | null;
  alert_type: string | null;
  from_ms: number;
  until_ms: number;
  reason: string;
  by: string;
  by_name: string | null;
  created_at: number;
}

export type NewQuietPeriod = Pick<QuietPeriod, 'kind' | 'camera_id' | 'alert_type' | 'until_ms' | 'reason'> & { from_ms?: number };

export type StepOutcome = 'not_received' | 'not_acknowledged' | 'declined' | 'ended';

/** Somebody was told of an alert; without `user_id` everybody was. */
export interface EscalationStep {
  level: number;
  user_id: string | null;
  name: string | null;
  reason: string;
  outside: boolean;
  distance_m: number | null;
  told_at: number;
  outcome: StepOutcome | null;
  ended_at: number | null;
}

export interface Decline {
  user_id: string;
  name: string | null;
  at: number;
  reason: string;
}

export interface Escalation {
  steps: EscalationStep[];
  declines: Decline[];
}

export type ChannelKind = 'webhook' | 'apprise';
export type ChannelEvent = 'alert_triggered' | 'alert_updated' | 'alert_unanswered';

export interface Channel {
  id: string;
  name: string;
  kind: ChannelKind;
  /** Only what names the service: paths and queries hold tokens. */
  address: string;
  events: ChannelEvent[];
  min_severity: Severity;
  enabled: boolean;
  created_at: number;
  waiting: number;
  waiting_since: number | null;
  given_up: number;
  problem: string;
}

export interface ChannelMade {
  channel: Channel;
  secret: string | null;
}

export interface DeadLetter {
  id: string;
  kind: ChannelKind | 'web_push';
  target_id: string;
  target: string | null;
  alert_id: string;
  event: ChannelEvent;
  attempts: number;
  problem: string;
  created_at: number;
  given_up_at: number;
}

export interface Connection {
  user_id: string;
  user_name: string;
  client_type: string;
  /** Which of the server's protocols it speaks. */
  dialect: string;
  uptime_seconds: number;
  last_heartbeat: string;
  seconds_since_heartbeat: number;
}

export interface PushDevice {
  id: string;
  device: string;
  created_at: number;
}
