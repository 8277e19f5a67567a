import type { Envelope, Quality, QualityChanged, ServerError, StreamFailed, StreamRequest, StreamStarted, StreamStopped } from './messages.ts';
import type { SessionEvent } from './session_types.ts';

/** How long a request may go unanswered; a server looks at a new source for up to 20 s. */
const REQUEST_WAIT_MS = 30_000;
const ANSWERS = ['stream_start_success', 'stream_start_error', 'stream_stop_success', 'quality_change_success'];
const TIMED_OUT = { code: 'TIMED_OUT', message: 'the server did not answer in time' };

interface Pending {
  message: Envelope;
  cameraId: string;
  deadlineMs: number;
}

interface Said {
  sends: Envelope[];
  events: SessionEvent[];
}

/**
 * Streams that the application asked for: each request is answered by its id, in time or not at all; each stream that
 * was started is started again on a new connection. Pure: it returns what to send, and what to tell.
 */
export class Streams {
  readonly #newId: (nowMs: number) => string;
  readonly #wanted = new Map<string, StreamRequest>();
  #pending = new Map<string, Pending>();
  #open = false;

  constructor(newId: (nowMs: number) => string) {
    this.#newId = newId;
  }

  start(request: StreamRequest, nowMs: number): { id: string } & Said {
    return this.#ask('stream_start_request', { ...request }, request.camera_id, nowMs);
  }

  change(cameraId: string, quality: Quality, nowMs: number): { id: string } & Said {
    return this.#ask('stream_quality_change', { camera_id: cameraId, new_quality: quality }, cameraId, nowMs);
  }

  /** Without a connection there is no stream to stop. */
  stop(cameraId: string, nowMs: number): { id: string } & Said {
    this.#wanted.delete(cameraId);
    const givenUp = [...this.#pending].filter(([, pending]) => pending.cameraId === cameraId);
    const ended = givenUp.flatMap(([id]) => this.#refuse(id, { code: 'STOPPED', message: 'the stream was stopped' }));
    if (this.#open) {
      const asked = this.#ask('stream_stop_request', { camera_id: cameraId }, cameraId, nowMs);
      return { ...asked, events: [...ended, ...asked.events] };
    }
    const id = this.#newId(nowMs);
    return { id, sends: [], events: [...ended, { name: 'request', value: { id, cameraId, refusal: null } }] };
  }

  /** There is a new connection: what was started is started again, what was not answered is asked again. */
  begin(nowMs: number): Envelope[] {
    this.#open = true;
    const starting = new Set([...this.#pending.values()].filter(isStart).map(({ cameraId }) => cameraId));
    const again = [...this.#wanted.values()].filter(({ camera_id }) => !starting.has(camera_id));
    const restored = again.map((wish): [string, Pending] => {
      const id = this.#newId(nowMs);
      return [id, pendingOf('stream_start_request', { ...wish }, wish.camera_id, id, nowMs)];
    });
    this.#pending = new Map([...restored, ...this.#pending]);
    return [...this.#pending.values()].map(({ message }) => message);
  }

  end(): void {
    this.#open = false;
  }

  /** There will be no connection. */
  giveUp(message: string): SessionEvent[] {
    this.#open = false;
    return [...this.#pending.keys()].flatMap((id) => this.#refuse(id, { code: 'STOPPED', message }));
  }

  nextDueAtMs(): number | null {
    const due = [...this.#pending.values()].map(({ deadlineMs }) => deadlineMs);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** What was not answered in time never will be. */
  tick(nowMs: number): SessionEvent[] {
    const late = [...this.#pending].filter(([, { deadlineMs }]) => deadlineMs <= nowMs);
    return late.flatMap(([id]) => this.#refuse(id, TIMED_OUT));
  }

  /** The server's answer to the request that it names (none of our asking any more: nothing); `null` for no answer. */
  answered({ type, id, data }: Envelope): SessionEvent[] | null {
    if (!ANSWERS.includes(type)) return null;
    const named = id ?? (typeof data['request_id'] === 'string' ? data['request_id'] : '');
    const pending = this.#pending.get(named);
    if (pending === undefined) return [];
    switch (type) {
      case 'stream_start_success': {
        const value = data as unknown as StreamStarted;
        const asked = pending.message.data as unknown as StreamRequest & { request_id?: string };
        const wish: StreamRequest & { request_id?: string } = { ...asked, quality: value.quality };
        delete wish.request_id;
        this.#wanted.set(value.camera_id, wish);
        return [...this.#granted(named), { name: 'streamStarted', value }];
      }
      case 'stream_start_error': {
        const value = data as unknown as StreamFailed;
        return this.#refuse(named, { code: value.code ?? '', message: value.error }, value);
      }
      case 'stream_stop_success':
        return [...this.#granted(named), { name: 'streamStopped', value: data as unknown as StreamStopped }];
      default: {
        const value = data as unknown as QualityChanged;
        const wish = this.#wanted.get(value.camera_id);
        if (wish !== undefined) this.#wanted.set(value.camera_id, { ...wish, quality: value.new_quality });
        return [...this.#granted(named), { name: 'streamQuality', value }];
      }
    }
  }

  /** The server's `error`, perhaps the answer to a request. */
  refused(id: string, error: ServerError): SessionEvent[] {
    return this.#refuse(id, error);
  }

  #ask(type: string, data: Record<string, unknown>, cameraId: string, nowMs: number): { id: string } & Said {
    const id = this.#newId(nowMs);
    const pending = pendingOf(type, data, cameraId, id, nowMs);
    this.#pending.set(id, pending);
    return { id, sends: this.#open ? [pending.message] : [], events: [] };
  }

  #granted(id: string): SessionEvent[] {
    const pending = this.#pending.get(id);
    if (pending === undefined) return [];
    this.#pending.delete(id);
    return [{ name: 'request', value: { id, cameraId: pending.cameraId, refusal: null } }];
  }

  #refuse(id: string, refusal: { code: string; message: string }, failed?: StreamFailed): SessionEvent[] {
    const pending = this.#pending.get(id);
    if (pending === undefined) return [];
    this.#pending.delete(id);
    const { cameraId } = pending;
    const told: SessionEvent[] = [
      { name: 'request', value: { id, cameraId, refusal: { code: refusal.code, message: refusal.message } } },
    ];
    if (!isStart(pending)) return told;
    this.#wanted.delete(cameraId);
    const value = failed ?? { camera_id: cameraId, error: refusal.message, code: refusal.code, request_id: id };
    return [...told, { name: 'streamFailed', value }];
  }
}

function pendingOf(type: string, data: Record<string, unknown>, cameraId: string, id: string, nowMs: number): Pending {
  return { message: { type, id, data: { ...data, request_id: id } }, cameraId, deadlineMs: nowMs + REQUEST_WAIT_MS };
}

function isStart({ message }: Pending): boolean {
  return message.type === 'stream_start_request';
}
