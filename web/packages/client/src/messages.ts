/**
 * The native protocol as types: what travels on `/ws/v1`.
 *
 * Times are integer milliseconds since the epoch. Boxes are `[x1, y1, x2, y2]` in pixels of a frame whose `width` and
 * `height` travel with them. Fields that a newer server adds are ignored.
 */

export type ClientType = 'frontend' | 'desktop_app' | 'mobile_app' | 'ai_engine' | 'camera' | 'workstation';
export type Severity = 'info' | 'warning' | 'error' | 'critical';
export type AlertState = 'open' | 'acknowledged' | 'closed' | 'expired';
export type Verdict = 'confirmed' | 'rejected';
export type Box = [x1: number, y1: number, x2: number, y2: number];

export interface Envelope {
  type: string;
  id?: string;
  data: Record<string, unknown>;
}

/** The place of a client in the alert log: everything up to `offset` of this `epoch` is on the device. */
export interface Position {
  epoch: string;
  offset: number;
}

export interface AlertCamera {
  id: string;
  name: string;
  latitude: number | null;
  longitude: number | null;
}

export interface AlertPerson {
  id: string;
  first_name: string;
  last_name: string;
  age: number | null;
  description: string;
}

/** One look at a face on its way to a decision. `reasons` are the quality gates it failed. */
export interface TraceSample {
  frame_id: number;
  timestamp: number;
  quality: number;
  reasons?: string[];
  person_id?: string | null;
  similarity?: number | null;
}

/** Why an alert was raised. Known fields are typed; whatever else the server adds is kept. */
export interface Trace {
  rule?: string;
  samples?: TraceSample[];
  [field: string]: unknown;
}

export interface Alert {
  alert_id: string;
  offset: number;
  type: string;
  severity: Severity;
  camera: AlertCamera;
  person?: AlertPerson | null;
  similarity?: number | null;
  snapshot_url?: string | null;
  reference_url?: string | null;
  probe_url?: string | null;
  watch_list?: { id: string; name: string } | null;
  why?: Trace | null;
  timestamp: number;
  created_at?: number;
  state?: AlertState;
  verdict?: Verdict | null;
  escalation_level?: number;
  by?: string | null;
  at?: number | null;
}

export interface AlertUpdate {
  alert_id: string;
  offset: number;
  state: AlertState;
  escalation_level?: number;
  by?: string | null;
  at?: number | null;
  verdict?: Verdict | null;
}

/** The answer to `ack` and `decline`, also when somebody else was first. */
export interface Recorded {
  alert_id: string;
  state: AlertState;
  by: string | null;
  at: number | null;
  verdict?: Verdict | null;
  first?: boolean | null;
  declined?: boolean | null;
}

export interface Face {
  bbox: Box;
  confidence: number;
  track_id: string;
  is_known: boolean;
  identity?: 'pending' | 'known' | 'unknown';
  person_id?: string | null;
  name?: string | null;
  similarity?: number | null;
  /** How much it looks bona fide, 0 to 1; `null` where nobody can say. */
  live?: number | null;
  /** The track of the person whose face it is. */
  body?: string | null;
}

/** The faces of one frame. Disposable: the newest result replaces older ones. */
export interface FaceResult {
  camera_id: string;
  frame_id: number;
  timestamp: number;
  width: number;
  height: number;
  faces: Face[];
}

/** A person or thing of a frame: `person`, `vehicle`, `package`, `phone`, or whatever else the model knows. */
export interface DetectedObject {
  label: string;
  confidence: number;
  bbox: Box;
  track_id: string | null;
}

/** How many people a frame shows; `density_score` is the share of the picture that they cover, 0 to 1, if known. */
export interface Crowd {
  face_count: number;
  body_count: number;
  crowd_level: 'empty' | 'low' | 'medium' | 'high' | 'very_high';
  density_score: number | null;
  zones?: Record<string, number>;
}

/** The persons and things of one frame, and the crowd; `source` names the engine. Disposable like `FaceResult`. */
export interface DetectionResult {
  camera_id: string;
  frame_id: number;
  timestamp: number;
  width: number;
  height: number;
  detections: DetectedObject[];
  crowd_analysis?: Crowd | null;
  source: string;
}

/** Whether the user is on duty, said at `at`. */
export interface DutyStatus {
  on: boolean;
  at: number;
  reason?: string;
}

export type Quality = 'thumbnail' | 'sd' | 'hd';

/** A wish for a stream. With `rtsp_url` the camera is made, or given this source. */
export interface StreamRequest {
  camera_id: string;
  quality: Quality;
  rtsp_url?: string;
}

/** A stream is ready. `stream_url` plays in an `<img>` and any player of MJPEG; `null` while nobody sends pictures. */
export interface StreamStarted {
  camera_id: string;
  quality: Quality;
  stream_url: string | null;
  status: string;
  request_id?: string | null;
}

export interface StreamFailed {
  camera_id: string;
  error: string;
  code?: string;
  request_id?: string | null;
}

export interface StreamStopped {
  camera_id: string;
  quality?: Quality | null;
  request_id?: string | null;
}

export interface QualityChanged {
  camera_id: string;
  new_quality: Quality;
  stream_url: string | null;
  request_id?: string | null;
}

/** Somebody was erased: whatever shows them has to forget them now. */
export interface PersonErased {
  person_id: string;
}

export interface EngineStatus {
  engine_id: string;
  status: 'connected' | 'disconnected';
  reason?: string;
  capabilities?: string[];
  load?: number | null;
}

/** What is wrong with the system as a whole. */
export interface SystemStatus {
  gateways: number;
  engines: number;
  warnings: string[];
}

export interface CameraChange {
  camera_id: string;
  status: string;
  reason?: string;
  timestamp?: number;
}

export interface ServerError {
  code: string;
  message: string;
  details?: unknown;
  request_id?: string;
}

/** A picture of a camera. Boxes of the `FaceResult` with the same `frame_id` belong over it. */
export interface Frame {
  camera_id: string;
  frame_id: number;
  timestamp: number;
  width: number;
  height: number;
  jpeg: Uint8Array<ArrayBuffer>;
}

/** Where a device is: WGS 84 degrees, and the radius in metres within which it is. */
export interface Location {
  latitude: number;
  longitude: number;
  accuracy_m?: number;
}

export interface SubscribeOptions {
  frames?: boolean;
  maxFps?: number;
}
