import { expect } from 'vitest';

import type { Envelope, Position, StreamRequest, Tap } from '../src/index.ts';
import { Session } from '../src/index.ts';
import type { Effect, SessionEvent, SessionOptions } from '../src/session_types.ts';

export interface CaseOptions {
  tokens?: (string | null)[];
  jitter?: number;
  random?: number;
  max_reconnect_attempts?: number;
}

export interface Case {
  client?: CaseOptions;
  steps: Record<string, unknown>[];
}

type Data = Record<string, unknown>;
type Step = (value: never) => void;

const START_MS = 1_000_000;
const HEARTBEATS = ['heartbeat', 'heartbeat_ack'];

/** One session, everything that it asked for and that is not looked at yet, and the names bound so far. */
export class CaseDriver {
  readonly #options: SessionOptions;
  readonly #tokens: (string | null)[];
  readonly #names = new Map<string, string>();
  readonly #wishes = new Map<string, symbol>();
  readonly #events = new Map<string, Data[]>();
  #session: Session;
  #nowMs = START_MS;
  #position: Position | null = null;
  #taps: readonly Tap[] = [];
  #opens = 0;
  #abandoned = 0;
  #sent: Envelope[] = [];
  #asked: boolean[] = [];

  constructor(options: CaseOptions) {
    this.#tokens = [...(options.tokens ?? ['token'])];
    this.#options = {
      clientType: 'desktop_app',
      device: 'conformance-1',
      jitter: options.jitter ?? 0,
      random: () => options.random ?? 0.5,
      ...(options.max_reconnect_attempts === undefined ? {} : { maxReconnectAttempts: options.max_reconnect_attempts }),
    };
    this.#session = new Session(this.#options);
  }

  run(steps: Record<string, unknown>[]): void {
    steps.forEach((step, index) => {
      const [[verb, value] = ['', null]] = Object.entries(step);
      const act = this.#verbs[verb];
      try {
        if (act === undefined) throw new Error(`no such step: ${verb}`);
        act(value as never);
        this.#carryOut();
      } catch (problem) {
        throw new Error(`step ${String(index + 1)}, ${JSON.stringify(step)}: ${String(problem)}`, { cause: problem });
      }
    });
  }

  readonly #verbs: Record<string, Step | undefined> = {
    // What the application does.
    connect: () => {
      this.#session.connect(this.#nowMs);
    },
    acknowledge: ({ alert_id, verdict }: { alert_id: string; verdict?: 'confirmed' | 'rejected' }) => {
      this.#session.tap('ack', alert_id, verdict ?? null, null, this.#nowMs);
    },
    decline: ({ alert_id, reason }: { alert_id: string; reason?: string }) => {
      this.#session.tap('decline', alert_id, null, reason ?? null, this.#nowMs);
    },
    duty: ({ on }: { on: boolean }) => {
      this.#session.switchDuty(on, this.#nowMs);
    },
    locate: (fix: { latitude: number; longitude: number; accuracy_m?: number }) => {
      this.#session.locate(fix, this.#nowMs);
    },
    start_stream: (request: StreamRequest) => {
      this.#session.startStream(request, this.#nowMs);
    },
    change_stream: ({ camera_id, quality }: StreamRequest) => {
      this.#session.changeStream(camera_id, quality, this.#nowMs);
    },
    stop_stream: ({ camera_id }: { camera_id: string }) => {
      this.#session.stopStream(camera_id, this.#nowMs);
    },
    subscribe: ({ camera_id, frames, max_fps }: { camera_id: string; frames?: boolean; max_fps?: number }) => {
      const wish = this.#wishes.get(camera_id) ?? Symbol(camera_id);
      this.#wishes.set(camera_id, wish);
      const rate = max_fps === undefined ? {} : { maxFps: max_fps };
      this.#session.subscribe(camera_id, wish, { frames: frames ?? false, ...rate });
    },
    unsubscribe: ({ camera_id }: { camera_id: string }) => {
      this.#session.unsubscribe(camera_id, this.#wishes.get(camera_id) ?? Symbol(camera_id));
    },
    restart: () => {
      this.#session = new Session({ ...this.#options, position: this.#position, taps: this.#taps });
      this.#sent = [];
    },

    // What the network, the server and the clock do.
    socket: (what: 'opens' | 'is_unreachable' | 'hangs') => {
      expect(this.#opens, 'sockets asked for').toBe(1);
      this.#opens = 0;
      if (what === 'opens') this.#session.opened(this.#nowMs);
      else if (what === 'is_unreachable') this.#session.closed(1006, '', this.#nowMs);
    },
    server: (message: Envelope) => {
      const id = message.id === undefined ? {} : { id: this.#names.get(message.id) };
      this.#session.text(JSON.stringify({ ...message, ...id }), this.#nowMs);
    },
    server_text: (text: string) => {
      this.#session.text(text, this.#nowMs);
    },
    server_bytes: (hex: string) => {
      this.#session.binary(bytesOf(hex).buffer, this.#nowMs);
    },
    server_picture: ({ header, jpeg }: { header: Data; jpeg: string }) => {
      this.#session.binary(pictureOf(header, bytesOf(jpeg)), this.#nowMs);
    },
    close: ({ code, reason }: { code: number; reason: string }) => {
      this.#session.closed(code, reason, this.#nowMs);
    },
    advance_ms: (ms: number) => {
      this.#advance(ms);
    },

    // What is expected.
    asked_for_token: ({ fresh }: { fresh: boolean }) => {
      expect(this.#asked.shift(), 'asked for a token').toBe(fresh);
    },
    sends: (wanted: { type: string; data: Data; without?: string[]; id?: string }) => {
      this.#expectSent(wanted);
    },
    sends_nothing: () => {
      expect(this.#sent.filter((message) => !HEARTBEATS.includes(message.type))).toEqual([]);
      expect(this.#opens, 'sockets asked for').toBe(0);
    },
    state: (state: string) => {
      expect(this.#session.view.status).toBe(state);
    },
    stopped: (reason: string) => {
      expect(this.#session.view.stopped).toBe(reason);
    },
    retry_in_ms: (ms: number) => {
      expect(this.#session.view.retryAtMs).toBe(this.#nowMs + ms);
    },
    abandons: () => {
      expect(this.#abandoned, 'sockets let go').toBe(1);
      this.#abandoned = 0;
    },
    waiting: (count: number) => {
      expect(this.#session.taps.length).toBe(count);
    },
    event: ({ name, data }: { name: string; data: Data }) => {
      const event = this.#events.get(name)?.shift();
      expect(event).toBeDefined();
      expect(event).toMatchObject(data);
    },
    no_event: (name: string) => {
      expect(this.#events.get(name) ?? []).toEqual([]);
    },
  };

  #expectSent({ type, data, without = [], id }: { type: string; data: Data; without?: string[]; id?: string }): void {
    while (HEARTBEATS.includes(this.#sent[0]?.type ?? '') && !HEARTBEATS.includes(type)) this.#sent.shift();
    const sent = this.#sent.shift();
    expect(sent?.type).toBe(type);
    expect(sent?.data).toMatchObject(data);
    for (const name of without) expect(sent?.data).not.toHaveProperty(name);
    if (id === undefined) return;
    expect(sent?.id).toBeDefined();
    if (!this.#names.has(id)) this.#names.set(id, sent?.id ?? '');
    expect(sent?.id).toBe(this.#names.get(id));
  }

  #advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#session.nextTickAtMs(); due !== null && due <= endMs; due = this.#session.nextTickAtMs()) {
      this.#nowMs = Math.max(this.#nowMs, due);
      this.#session.tick(this.#nowMs);
      this.#carryOut();
    }
    this.#nowMs = endMs;
  }

  #carryOut(): void {
    for (let effects = this.#session.takeEffects(); effects.length > 0; effects = this.#session.takeEffects()) {
      for (const effect of effects) this.#perform(effect);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'open':
        this.#opens += 1;
        break;
      case 'want_token':
        this.#asked.push(effect.fresh);
        this.#answerToken();
        break;
      case 'send':
        this.#sent.push(effect.message);
        break;
      case 'close':
        this.#abandoned += 1;
        break;
      case 'save_position':
        this.#position = effect.position;
        break;
      case 'save_taps':
        this.#taps = effect.taps;
        break;
      case 'event':
        this.#note(effect.event);
    }
  }

  #answerToken(): void {
    const token = (this.#tokens.length > 1 ? this.#tokens.shift() : this.#tokens[0]) ?? null;
    if (token === null) this.#session.signedOut();
    else this.#session.identify(token, this.#nowMs);
  }

  #note(event: SessionEvent): void {
    const named = nameOf(event);
    if (named === null) return;
    const [name, data] = named;
    this.#events.set(name, [...(this.#events.get(name) ?? []), data]);
  }
}

/** An event under the cases' name for it, with what they may look at. */
function nameOf({ name, value }: SessionEvent): [string, Data] | null {
  switch (name) {
    case 'alert':
      return ['alert', { alert_id: value.alert.alert_id, replay: value.replay }];
    case 'alertUpdated':
      return ['alert_updated', { alert_id: value.alert_id, state: value.state }];
    case 'alertSnapshot':
      return ['snapshot', { alert_ids: value.alerts.map((alert) => alert.alert_id) }];
    case 'gap':
      return ['gap', {}];
    case 'caughtUp':
      return ['caught_up', { offset: value.offset }];
    case 'faces':
      return ['faces', { camera_id: value.camera_id, frame_id: value.frame_id }];
    case 'frame':
      return ['picture', { camera_id: value.camera_id, frame_id: value.frame_id, size: value.jpeg.length }];
    case 'detections':
      return ['detections', { camera_id: value.camera_id, count: value.detections.length }];
    case 'duty':
      return ['duty', { on: value.on, at: value.at }];
    case 'request':
      return ['request', { refused: value.refusal?.code ?? null }];
    case 'streamStarted':
      return ['stream', { camera_id: value.camera_id, quality: value.quality, stream_url: value.stream_url }];
    case 'streamFailed':
      return ['stream_failed', { camera_id: value.camera_id, code: value.code }];
    case 'streamStopped':
      return ['stream_stopped', { camera_id: value.camera_id }];
    case 'streamQuality':
      return ['stream_quality', { camera_id: value.camera_id, new_quality: value.new_quality }];
    case 'personErased':
      return ['erased', { person_id: value.person_id }];
    case 'engineChanged':
      return ['engine', { engine_id: value.engine_id, status: value.status }];
    case 'systemChanged':
      return ['system', { warnings: value.warnings }];
    case 'cameraChanged':
      return ['camera', { camera_id: value.camera_id, status: value.status }];
    case 'serverError':
      return ['problem', { code: value.code }];
    case 'tap':
      return value.state === 'recorded' || value.state === 'refused'
        ? ['answer', { alert_id: value.alertId, outcome: value.state }]
        : null;
    default:
      return null;
  }
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function pictureOf(header: Data, jpeg: Uint8Array): ArrayBuffer {
  const head = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(4 + head.length + jpeg.length);
  new DataView(message.buffer).setUint32(0, head.length);
  message.set(head, 4);
  message.set(jpeg, 4 + head.length);
  return message.buffer;
}
