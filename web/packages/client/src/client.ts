import { Emitter } from './emitter.ts';
import type { ClientType, Location, Position, Quality, StreamRequest, SubscribeOptions, Verdict } from './messages.ts';
import type { OutboxStorage, Tap } from './outbox.ts';
import { memoryStorage } from './outbox.ts';
import { Session } from './session.ts';
import type { ConnectionView, Effect, SessionEvents, Statistics } from './session_types.ts';

/** Where the place in the alert log survives a reload. */
export interface PositionStorage {
  load(): Position | null;
  save(position: Position): void;
}

/** The part of the `WebSocket` interface that is used: the browser's, Node's, or that of the package `ws`. */
export interface SocketLike {
  binaryType: string;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

export interface ClientOptions {
  /** `ws://…/ws/v1` or `wss://…/ws/v1`. */
  url: string;
  /**
   * Gives the access token, or `null` when nobody is signed in; a
   * rejection is tried again later. `fresh` asks for a newer one than the last.
   */
  token: (fresh: boolean) => string | null | Promise<string | null>;
  device: string;
  clientType?: ClientType;
  capabilities?: readonly string[];
  maxReconnectAttempts?: number;
  jitter?: number;
  taps?: OutboxStorage;
  positions?: PositionStorage;
  /** Makes a socket; the default is the global `WebSocket`. */
  socket?: (url: string) => SocketLike;
  now?: () => number;
  random?: () => number;
}

type Handler<Name extends keyof SessionEvents> = (value: SessionEvents[Name]) => void;

/**
 * A connection to Sightline that keeps itself alive: it reconnects, resumes where it left off, restores subscriptions,
 * streams, duty and location, and keeps every tap until the server has recorded it.
 *
 *     const client = new SightlineClient({ url, device, token: () => token });
 *     client.on('alert', ({ alert }) => show(alert));
 *     client.connect();
 *
 * All decisions are `Session`'s; this class only owns the socket and one timer.
 */
export class SightlineClient {
  readonly #options: ClientOptions;
  readonly #session: Session;
  readonly #emitter = new Emitter<SessionEvents>();
  readonly #storage: OutboxStorage;
  readonly #now: () => number;
  #socket: SocketLike | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #removeNetworkListeners: (() => void) | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#storage = options.taps ?? memoryStorage();
    this.#session = new Session({
      clientType: options.clientType ?? 'frontend',
      device: options.device,
      position: options.positions?.load() ?? null,
      taps: this.#storage.load(),
      random: options.random ?? Math.random,
      ...(options.capabilities === undefined ? {} : { capabilities: options.capabilities }),
      ...(options.maxReconnectAttempts === undefined ? {} : { maxReconnectAttempts: options.maxReconnectAttempts }),
      ...(options.jitter === undefined ? {} : { jitter: options.jitter }),
    });
  }

  get connection(): ConnectionView {
    return this.#session.view;
  }

  get statistics(): Statistics {
    return this.#session.statistics;
  }

  /** How far the server's clock is ahead of this one's, in ms: what it stamps is put on this clock by taking that off. */
  get clockSkewMs(): number {
    return this.#session.clockSkewMs;
  }

  /** What people decided and the server has not recorded yet. */
  get taps(): readonly Tap[] {
    return this.#session.taps;
  }

  on<Name extends keyof SessionEvents>(name: Name, handler: Handler<Name>): () => void {
    return this.#emitter.on(name, handler);
  }

  connect(): void {
    this.#removeNetworkListeners ??= listenToNetwork(() => {
      this.#run(() => {
        this.#session.networkChanged(this.#now());
      });
    });
    this.#run(() => {
      this.#session.connect(this.#now());
    });
  }

  disconnect(): void {
    this.#removeNetworkListeners?.();
    this.#removeNetworkListeners = null;
    this.#run(() => {
      this.#session.disconnect();
    });
  }

  /** Tries now instead of when the next attempt is due. */
  retryNow(): void {
    this.#run(() => {
      if (this.#session.view.stopped === null) this.#session.networkChanged(this.#now());
      else this.#session.connect(this.#now());
    });
  }

  /** Tells the server about a newer access token, so that the connection outlives the old one. */
  refresh(token: string): void {
    this.#run(() => {
      this.#session.refresh(token, this.#now());
    });
  }

  /** Takes an alert, with or without a verdict. Returns the id under which `tap` events follow. */
  acknowledge(alertId: string, verdict: Verdict | null = null): string {
    return this.#run(() => this.#session.tap('ack', alertId, verdict, null, this.#now()));
  }

  /** Says that this user cannot take an alert: the next responder is told now. */
  decline(alertId: string, reason: string | null = null): string {
    return this.#run(() => this.#session.tap('decline', alertId, null, reason, this.#now()));
  }

  /** Says where this device is: only a `mobile_app` is believed, for two minutes. `null`: nothing more is said. */
  locate(location: Location | null): void {
    this.#run(() => {
      this.#session.locate(location, this.#now());
    });
  }

  /** The user is on duty from now on, or not; said again after a reconnection. `duty` events are the answers. */
  setDuty(on: boolean): void {
    this.#run(() => {
      this.#session.switchDuty(on, this.#now());
    });
  }

  /**
   * Asks for a stream of a camera; a later reconnection asks again. Returns the id under which `request` follows, with
   * `streamStarted` or `streamFailed`, within 30 s.
   */
  startStream(request: StreamRequest): string {
    return this.#run(() => this.#session.startStream(request, this.#now()));
  }

  /** Asks for another quality; whoever plays the stream goes on. `request` and `streamQuality` follow. */
  changeStreamQuality(cameraId: string, quality: Quality): string {
    return this.#run(() => this.#session.changeStream(cameraId, quality, this.#now()));
  }

  /** Ends a stream. `request` and `streamStopped` follow. */
  stopStream(cameraId: string): string {
    return this.#run(() => this.#session.stopStream(cameraId, this.#now()));
  }

  /** Asks for a camera's results (and pictures); returns what ends it. */
  subscribeCamera(cameraId: string, options: SubscribeOptions = {}): () => void {
    const wish = Symbol(cameraId);
    this.#run(() => {
      this.#session.subscribe(cameraId, wish, options);
    });
    return () => {
      this.#run(() => {
        this.#session.unsubscribe(cameraId, wish);
      });
    };
  }

  #run<Result>(step: () => Result): Result {
    const result = step();
    for (const effect of this.#session.takeEffects()) this.#perform(effect);
    this.#arm();
    return result;
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'open':
        this.#open();
        break;
      case 'want_token':
        void this.#identify(effect.fresh);
        break;
      case 'send':
        this.#socket?.send(JSON.stringify(effect.message));
        break;
      case 'close':
        this.#letGo(effect.code, effect.reason);
        break;
      case 'save_position':
        this.#options.positions?.save(effect.position);
        break;
      case 'save_taps':
        this.#storage.save(effect.taps);
        break;
      case 'event':
        this.#emitter.emit(effect.event.name, effect.event.value as never);
    }
  }

  #open(): void {
    const make = this.#options.socket ?? ((url: string) => new WebSocket(url) as unknown as SocketLike);
    this.#letGo(1000, 'replaced');
    const socket = make(this.#options.url);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#run(() => {
        this.#session.opened(this.#now());
      });
    };
    socket.onmessage = ({ data }: { data: unknown }) => {
      this.#run(() => {
        if (typeof data === 'string') this.#session.text(data, this.#now());
        else if (data instanceof ArrayBuffer) this.#session.binary(data, this.#now());
      });
    };
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      this.#socket = null;
      this.#run(() => {
        this.#session.closed(code, reason, this.#now());
      });
    };
    // The close event that follows says everything that a page is allowed to know.
    socket.onerror = () => undefined;
  }

  async #identify(fresh: boolean): Promise<void> {
    const socket = this.#socket;
    const answer = await this.#fetchToken(fresh);
    if (socket !== this.#socket) return;
    this.#run(() => {
      if (answer instanceof Error) this.#session.tokenUnavailable(answer.message, this.#now());
      else if (answer === null) this.#session.signedOut();
      else this.#session.identify(answer, this.#now());
    });
  }

  async #fetchToken(fresh: boolean): Promise<string | null | Error> {
    try {
      return await this.#options.token(fresh);
    } catch (error) {
      // Whatever the application's provider throws is a reason to try again later, never to break the connection loop.
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** Forgets the socket and lets it close on its own time. */
  #letGo(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Closing before the handshake is over makes some sockets report an error; nobody is interested any more.
    socket.onerror = () => undefined;
    socket.close(code, reason);
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const atMs = this.#session.nextTickAtMs();
    if (atMs === null) {
      this.#timer = null;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#run(() => {
        this.#session.tick(this.#now());
      });
    }, Math.max(atMs - this.#now(), 0));
  }
}

/** In a browser: a network that comes or goes, and a page that wakes up, are reasons to look at the connection. */
function listenToNetwork(look: () => void): () => void {
  if (typeof window === 'undefined') return () => undefined;
  const whenVisible = (): void => {
    if (document.visibilityState === 'visible') look();
  };
  window.addEventListener('online', look);
  window.addEventListener('offline', look);
  document.addEventListener('visibilitychange', whenVisible);
  return () => {
    window.removeEventListener('online', look);
    window.removeEventListener('offline', look);
    document.removeEventListener('visibilitychange', whenVisible);
  };
}
