import type {
  Alert,
  AlertUpdate,
  CameraChange,
  DetectionResult,
  EngineStatus,
  FaceResult,
  PersonErased,
  Position,
  SystemStatus,
} from './messages.ts';
import type { SessionEvent } from './session_types.ts';

/** How many alert ids are remembered; beyond it the oldest is forgotten. */
const REMEMBERED_ALERTS = 10_000;
/** Half of what the server sends beyond what it was told: a flood would wait for it. */
const MOST_UNTOLD = 50;

interface Outcome {
  events: SessionEvent[];
  /** The position moved: the server waits to hear that the entries are on this device. */
  moved: boolean;
}

/** What the server sent of the alert log, and where in it this device is. Pure. */
export class Inbox {
  #position: Position | null;
  #epoch = '';
  #caughtUp = false;
  /** Alerts that were shown, with the offset of the newest state that was. */
  readonly #seen = new Map<string, number>();
  /** Of a snapshot whose last part has not come. */
  #open: Alert[] = [];
  /** Up to where the server knows that everything is on this device; `null` until it is known. */
  #told: number | null = null;

  constructor(position: Position | null) {
    this.#position = position;
  }

  get position(): Position | null {
    return this.#position;
  }

  /** Whether the server waits to hear how far this device is: in a replay, and in a flood. */
  get isAwaited(): boolean {
    const untold = this.#told === null || this.#position === null ? 0 : this.#position.offset - this.#told;
    return !this.#caughtUp || untold >= MOST_UNTOLD;
  }

  /** The server was told of the position. */
  told(): void {
    this.#told = this.#position?.offset ?? null;
  }

  /** A session begins. `resumed` replays what was missed; `gap` means that entries are gone for good. */
  identified(data: Record<string, unknown>): SessionEvent[] {
    const epoch = typeof data['epoch'] === 'string' ? data['epoch'] : '';
    // Offsets of another epoch compare with nothing: what was shown stays known, its newest state does not.
    if (epoch !== this.#epoch) for (const alertId of this.#seen.keys()) this.#seen.set(alertId, -1);
    this.#epoch = epoch;
    this.#open = [];
    this.#told = null;
    this.#caughtUp = data['mode'] === 'live';
    const lost = data['mode'] === 'gap' || (this.#position !== null && this.#position.epoch !== this.#epoch);
    if (!lost) return [];
    const before = this.#position;
    this.#position = null;
    return [{ name: 'gap', value: before }];
  }

  take(type: string, data: Record<string, unknown>): Outcome {
    switch (type) {
      case 'alert_triggered':
        return this.#alert(data as unknown as Alert);
      case 'alert_updated':
        return this.#updated(data as unknown as AlertUpdate);
      case 'alert_snapshot':
        return this.#snapshot(data as unknown as { alerts: Alert[]; offset: number; more?: boolean });
      case 'position':
        return this.#moved(data as unknown as { from: number; to: number });
      case 'caught_up':
        this.#caughtUp = true;
        return quiet({ name: 'caughtUp', value: { offset: Number(data['offset']) } });
      case 'face_detection_result':
        return quiet({ name: 'faces', value: data as unknown as FaceResult });
      case 'ai_detection_result':
        return quiet({ name: 'detections', value: data as unknown as DetectionResult });
      case 'ai_engine_status':
        return quiet({ name: 'engineChanged', value: data as unknown as EngineStatus });
      case 'system_status_update':
        return quiet({ name: 'systemChanged', value: data as unknown as SystemStatus });
      case 'person_erased':
        return quiet({ name: 'personErased', value: data as unknown as PersonErased });
      case 'stream_status_update':
      case 'camera_online':
      case 'camera_offline':
        return quiet({ name: 'cameraChanged', value: cameraChange(type, data) });
      case 'bulk_status_update':
        return { events: bulkChanges(data), moved: false };
      default:
        return { events: [], moved: false };
    }
  }

  #alert(alert: Alert): Outcome {
    if (this.#seen.has(alert.alert_id)) return { events: [], moved: false };
    this.#remember(alert.alert_id, alert.offset);
    return quiet({ name: 'alert', value: { alert, replay: !this.#caughtUp } });
  }

  #snapshot({ alerts: part, offset, more }: { alerts: Alert[]; offset: number; more?: boolean }): Outcome {
    this.#open = this.#open.concat(part);
    if (more === true) return { events: [], moved: false };
    const alerts = this.#open;
    this.#open = [];
    for (const alert of alerts) this.#remember(alert.alert_id, alert.offset);
    this.#position = { epoch: this.#epoch, offset };
    this.#caughtUp = true;
    return { events: [{ name: 'alertSnapshot', value: { alerts } }], moved: true };
  }

  #moved({ from, to }: { from: number; to: number }): Outcome {
    const before = this.#position;
    if (before !== null && to <= before.offset) return { events: [], moved: false };
    this.#position = { epoch: this.#epoch, offset: to };
    this.#told ??= from;
    // The socket is ordered, so a hole means that the server skipped entries; the application asks for what is open.
    const hole = before !== null && from > before.offset;
    return { events: hole ? [{ name: 'gap', value: before }] : [], moved: true };
  }

  #updated(update: AlertUpdate): Outcome {
    if (update.offset <= (this.#seen.get(update.alert_id) ?? -1)) return { events: [], moved: false };
    this.#remember(update.alert_id, update.offset);
    return quiet({ name: 'alertUpdated', value: update });
  }

  #remember(alertId: string, offset: number): void {
    // Taken out first: the map is in the order of the last news, and forgets what was silent the longest.
    this.#seen.delete(alertId);
    this.#seen.set(alertId, offset);
    if (this.#seen.size <= REMEMBERED_ALERTS) return;
    const oldest = this.#seen.keys().next();
    if (oldest.done !== true) this.#seen.delete(oldest.value);
  }
}

function quiet(event: SessionEvent): Outcome {
  return { events: [event], moved: false };
}

function cameraChange(type: string, data: Record<string, unknown>): CameraChange {
  const status = type === 'camera_online' ? 'online' : type === 'camera_offline' ? 'offline' : '';
  return { status, ...data } as unknown as CameraChange;
}

function bulkChanges(data: Record<string, unknown>): SessionEvent[] {
  const cameras = Array.isArray(data['cameras']) ? (data['cameras'] as CameraChange[]) : [];
  return cameras.map((value) => ({ name: 'cameraChanged', value }));
}
