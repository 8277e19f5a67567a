import type { StopReason } from './close_codes.ts';
import type {
  Alert,
  AlertUpdate,
  CameraChange,
  ClientType,
  DetectionResult,
  DutyStatus,
  EngineStatus,
  Envelope,
  FaceResult,
  Frame,
  PersonErased,
  Position,
  QualityChanged,
  Recorded,
  ServerError,
  StreamFailed,
  StreamStarted,
  StreamStopped,
  SystemStatus,
} from './messages.ts';
import type { Tap } from './outbox.ts';

/** `connected` means: the socket is open, the server does not know yet who we are. */
export type Status = 'disconnected' | 'connecting' | 'connected' | 'authenticated';

/** Everything a user interface needs to tell the truth about the connection. */
export interface ConnectionView {
  status: Status;
  /** Why it is not authenticated, in plain words; empty while it is. */
  reason: string;
  /** When the next attempt is due; `null` when none is. */
  retryAtMs: number | null;
  /** When the connection was lost; `null` while authenticated and before the first attempt. */
  lostAtMs: number | null;
  /** Why no further attempt will be made without `connect()`. */
  stopped: StopReason | null;
}

export interface Statistics {
  status: Status;
  messagesReceived: number;
  messagesSent: number;
  /** Round trip of the last heartbeat in milliseconds; `null` before the first answer. */
  latency: number | null;
  reconnectAttempts: number;
}

/** A request has its answer: `refusal` says why it was not done, `TIMED_OUT` that nobody answered. */
export interface RequestOutcome {
  id: string;
  cameraId: string;
  refusal: { code: string; message: string } | null;
}

/** What a session tells its application, by event name. */
export interface SessionEvents {
  connection: ConnectionView;
  /** A new alert, once for each `alert_id`. `replay` is true for what happened before this connection. */
  alert: { alert: Alert; replay: boolean };
  alertUpdated: AlertUpdate;
  /** All open alerts, instead of history: on a new device and after `gap`. */
  alertSnapshot: { alerts: Alert[] };
  /** Entries are missing here: ask for the open alerts. */
  gap: Position | null;
  caughtUp: { offset: number };
  /** A tap changed its state. */
  tap: Tap;
  recorded: Recorded;
  faces: FaceResult;
  detections: DetectionResult;
  frame: Frame;
  cameraChanged: CameraChange;
  engineChanged: EngineStatus;
  systemChanged: SystemStatus;
  personErased: PersonErased;
  /** The answer to `setDuty`, also when it was said again on a new connection. */
  duty: DutyStatus;
  /** A request about a stream was granted or refused. */
  request: RequestOutcome;
  /** A stream is ready, also again after a reconnection, at another address. */
  streamStarted: StreamStarted;
  streamFailed: StreamFailed;
  streamStopped: StreamStopped;
  streamQuality: QualityChanged;
  serverError: ServerError;
  /** Every text message, also those with an event of their own. */
  message: Envelope;
}

export type SessionEvent = { [Name in keyof SessionEvents]: { name: Name; value: SessionEvents[Name] } }[keyof SessionEvents];

/** What the driver must do, in this order. */
export type Effect =
  | { kind: 'open' }
  /** Fetch an access token and hand it to `identify`. `fresh`: the last one was refused as expired. */
  | { kind: 'want_token'; fresh: boolean }
  | { kind: 'send'; message: Envelope }
  | { kind: 'close'; code: number; reason: string }
  | { kind: 'save_position'; position: Position }
  | { kind: 'save_taps'; taps: readonly Tap[] }
  | { kind: 'event'; event: SessionEvent };

export interface SessionOptions {
  clientType: ClientType;
  /** Names this device for good: the server keeps one cursor for each user and device. */
  device: string;
  /** Where this device left off, from an earlier life. */
  position?: Position | null;
  taps?: readonly Tap[];
  capabilities?: readonly string[];
  /** Attempts in a row before giving up. */
  maxReconnectAttempts?: number;
  /** Share by which delays are spread; 0 gives the exact series. */
  jitter?: number;
  /** Uniform in [0, 1). */
  random: () => number;
}
