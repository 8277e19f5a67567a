import { retryDelayMs, spread } from './backoff.ts';
import { CLOSE_BAD_TOKEN, CLOSE_BROKEN_LINE, CLOSE_NO_HEARTBEAT, CLOSE_TOKEN_EXPIRED, meaningOf, retryAfterMs, stopReasonOf } from './close_codes.ts';
import type { StopReason } from './close_codes.ts';
import { DEFAULT_HEARTBEAT_MS, heartbeatMs, parseEnvelope } from './envelope.ts';
import { decodeFrame } from './frames.ts';
import { Inbox } from './inbox.ts';
import type { DutyStatus, Envelope, Location, Quality, Recorded, ServerError, StreamRequest, SubscribeOptions, Verdict } from './messages.ts';
import { Outbox } from './outbox.ts';
import type { Tap } from './outbox.ts';
import type { ConnectionView, Effect, SessionEvent, SessionOptions, Statistics } from './session_types.ts';
import { Streams } from './streams.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Wanted } from './subscriptions.ts';
import { expiryOf } from './token_expiry.ts';
import { Whereabouts } from './whereabouts.ts';

const OPEN_WAIT_MS = 10_000;
const SILENCE_MS = 60_000;
const PROBE_WAIT_MS = 5_000;
/** Live, `received` is held back this long, so that a burst costs one message; in a replay it goes at once. */
const RECEIVED_DELAY_MS = 250;
/** How long before its token ends a session asks for the next one, and how soon again when there was none. */
const REFRESH_AHEAD_MS = 60_000;
const REFRESH_RETRY_MS = 10_000;
/** A server that ends this many sessions in a row, each younger than this, is tried only once a minute. */
const SHORT_SESSIONS = 5;
const SHORT_SESSION_MS = 10_000;
const BREAKER_MS = 60_000;
/** Errors that say "not now": what was asked is asked again. */
const PASSING_ERRORS: readonly string[] = ['PROCESSING_ERROR', 'RATE_LIMITED', 'SYSTEM_FULL', 'CONNECTION_LIMIT'];

type Timer = 'retry' | 'deadline' | 'heartbeat' | 'silence' | 'received' | 'refresh';

/**
 * One client's side of `/ws/v1`, without a socket, a clock or a timer.
 *
 *     disconnected ─ connect ─→ connecting ─ opened ─→ connected ─ identification_success ─→ authenticated
 *          ↑  ↑                     │  ↑                   │                                      │
 *          │  └── stop, disconnect ─┘  └── retry is due ── └──────── closed, silence ─────────────┘
 *
 * Each method takes what happened and when, and leaves what is to be done in `takeEffects()`. While a retry is
 * waited for, the status is `disconnected` and the view's `retryAtMs` says until when. A `close` effect forgets the
 * socket at once: a closing handshake with a dead peer would take a minute.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #subscriptions = new Subscriptions();
  readonly #whereabouts = new Whereabouts();
  readonly #streams = new Streams((nowMs) => this.#freshId(nowMs));
  readonly #timers = new Map<Timer, number>();
  #effects: Effect[] = [];
  #view: ConnectionView = { status: 'disconnected', reason: '', retryAtMs: null, lostAtMs: null, stopped: null };
  #attempts = 0;
  #nextId = 0;
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #heartbeatSentAtMs: number | null = null;
  /** The token that was sent last; it is not sent again once the server has refused it. */
  #token: string | null = null;
  #wantsFreshToken = false;
  #identifySent = false;
  #tokenRefused = false;
  /** What to add to this clock to have the server's. */
  /** How far the server's clock is ahead of this one's, in ms, as its greeting said; 0 before that. */
  clockSkewMs = 0;
  #identifiedAtMs: number | null = null;
  #shortSessions = 0;
  #lastError: ServerError | null = null;
  #sent = 0;
  #received = 0;
  #latency: number | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#inbox = new Inbox(options.position ?? null);
    this.#outbox = new Outbox(options.taps);
  }

  get view(): ConnectionView {
    return this.#view;
  }

  get taps(): readonly Tap[] {
    return this.#outbox.taps;
  }

  get statistics(): Statistics {
    return {
      status: this.#view.status,
      messagesReceived: this.#received,
      messagesSent: this.#sent,
      latency: this.#latency,
      reconnectAttempts: this.#attempts,
    };
  }

  takeEffects(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** When `tick` should be called; `null` when nothing is waited for. */
  nextTickAtMs(): number | null {
    const due = [...this.#timers.values()];
    const answer = this.#view.status === 'authenticated' ? this.#outbox.nextDueAtMs() : null;
    if (answer !== null) due.push(answer);
    const request = this.#streams.nextDueAtMs();
    if (request !== null) due.push(request);
    return due.length === 0 ? null : Math.min(...due);
  }

  connect(nowMs: number): void {
    if (this.#view.status !== 'disconnected') return;
    this.#attempts = 0;
    this.#open(nowMs);
  }

  disconnect(): void {
    if (this.#view.status !== 'disconnected') this.#effects.push({ kind: 'close', code: 1000, reason: 'goodbye' });
    this.#forgetConnection();
    this.#tell(this.#streams.giveUp('the client was closed'));
    this.#show({ status: 'disconnected', reason: '', retryAtMs: null, lostAtMs: null, stopped: null });
  }

  /** The network may have come or gone: try at once, or ask the open connection for a sign of life. */
  networkChanged(nowMs: number): void {
    if (this.#timers.has('retry')) this.#open(nowMs);
    else if (this.#view.status === 'authenticated') {
      this.#heartbeat(nowMs);
      this.#timers.set('silence', Math.min(this.#timers.get('silence') ?? Infinity, nowMs + PROBE_WAIT_MS));
    }
  }

  opened(nowMs: number): void {
    if (this.#view.status !== 'connecting') return;
    this.#show({ ...this.#view, status: 'connected', reason: 'signing in' });
    this.#timers.set('deadline', nowMs + OPEN_WAIT_MS);
    this.#effects.push({ kind: 'want_token', fresh: this.#wantsFreshToken });
  }

  /** The answer to `want_token`. */
  identify(token: string, nowMs: number): void {
    if (this.#view.status === 'authenticated') this.refresh(token, nowMs);
    if (this.#view.status !== 'connected') return;
    if (this.#tokenRefused && token === this.#token) {
      this.#effects.push({ kind: 'close', code: 1000, reason: 'no other token' });
      this.#stop('bad_token', meaningOf(CLOSE_BAD_TOKEN));
      return;
    }
    const { clientType, device, capabilities } = this.#options;
    const position = this.#inbox.position;
    this.#token = token;
    this.#wantsFreshToken = false;
    this.#identifySent = true;
    this.#send('client_identify', {
      auth_token: token,
      client_type: clientType,
      device,
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(position === null ? {} : { resume: position }),
    });
  }

  /** There is no token to be had: nobody is signed in. */
  signedOut(): void {
    if (this.#view.status !== 'connected') return;
    this.#effects.push({ kind: 'close', code: 1000, reason: 'signed out' });
    this.#stop('bad_token', 'signed out');
  }

  /** No token could be fetched just now. */
  tokenUnavailable(reason: string, nowMs: number): void {
    if (this.#view.status === 'connected') this.#abandon(reason, nowMs);
    else if (this.#view.status === 'authenticated') this.#timers.set('refresh', nowMs + REFRESH_RETRY_MS);
  }

  /** Hands the server a newer token before the old one ends. */
  refresh(token: string, nowMs: number): void {
    if (this.#view.status !== 'authenticated' || token === this.#token) return;
    this.#token = token;
    this.#send('refresh', { auth_token: token });
    this.#scheduleRefresh(nowMs);
  }

  closed(code: number, reason: string, nowMs: number): void {
    if (this.#view.status === 'disconnected') return;
    if (code !== CLOSE_BROKEN_LINE) this.#countShortSession(nowMs);
    const words = this.#lastError?.message ?? meaningOf(code);
    // A refused token may only have been an old one: the provider is asked once for another.
    const another = code === CLOSE_BAD_TOKEN && !this.#tokenRefused;
    this.#tokenRefused ||= code === CLOSE_BAD_TOKEN;
    this.#wantsFreshToken ||= another || code === CLOSE_TOKEN_EXPIRED;
    const stop = another ? null : stopReasonOf(code);
    if (stop === null) this.#retryLater(words, retryAfterMs(reason), nowMs);
    else this.#stop(stop, meaningOf(code));
  }

  tick(nowMs: number): void {
    const due = (timer: Timer): boolean => (this.#timers.get(timer) ?? Infinity) <= nowMs;
    if (due('retry')) this.#open(nowMs);
    if (due('deadline')) this.#abandon('the server does not answer', nowMs);
    if (due('silence')) this.#abandon(meaningOf(CLOSE_NO_HEARTBEAT), nowMs);
    if (due('heartbeat')) this.#heartbeat(nowMs);
    if (due('received')) this.#sendReceived();
    if (due('refresh')) {
      this.#timers.delete('refresh');
      this.#effects.push({ kind: 'want_token', fresh: true });
    }
    this.#sendTaps(nowMs);
    this.#tell(this.#streams.tick(nowMs));
  }

  /** A picture. */
  binary(message: ArrayBuffer, nowMs: number): void {
    this.#heard(nowMs);
    const frame = decodeFrame(message);
    if (frame !== null) this.#emit({ name: 'frame', value: frame });
  }

  text(text: string, nowMs: number): void {
    if (this.#view.status === 'disconnected') return;
    this.#heard(nowMs);
    const message = parseEnvelope(text);
    if (message === null) return;
    this.#handle(message, nowMs);
    this.#emit({ name: 'message', value: message });
  }

  /** Queues what a person decided; `id` finds it again in `tap` events. */
  tap(kind: Tap['kind'], alertId: string, verdict: Verdict | null, reason: string | null, nowMs: number): string {
    const id = this.#freshId(nowMs);
    const tap = this.#outbox.add({ id, kind, alertId, verdict, reason }, nowMs);
    this.#saveTaps();
    this.#emit({ name: 'tap', value: tap });
    this.#sendTaps(nowMs);
    return id;
  }

  /** Says where this device is, now and on the connections to come; `null` says nothing from now on. */
  locate(location: Location | null, nowMs: number): void {
    this.#say(this.#whereabouts.locate(location, nowMs));
  }

  switchDuty(on: boolean, nowMs: number): void {
    this.#say([this.#whereabouts.switch(on, this.#freshId(nowMs))]);
  }

  /** Asks for a stream; `request` and `streamStarted` or `streamFailed` follow under the id. */
  startStream(request: StreamRequest, nowMs: number): string {
    return this.#ask(this.#streams.start(request, nowMs));
  }

  changeStream(cameraId: string, quality: Quality, nowMs: number): string {
    return this.#ask(this.#streams.change(cameraId, quality, nowMs));
  }

  stopStream(cameraId: string, nowMs: number): string {
    return this.#ask(this.#streams.stop(cameraId, nowMs));
  }

  subscribe(cameraId: string, wish: symbol, options: SubscribeOptions): void {
    const wanted = this.#subscriptions.add(cameraId, wish, options);
    if (wanted !== null) this.#sendSubscribe(cameraId, wanted);
  }

  unsubscribe(cameraId: string, wish: symbol): void {
    const wanted = this.#subscriptions.remove(cameraId, wish);
    if (wanted === null || this.#view.status !== 'authenticated') return;
    if (wanted === 'gone') this.#send('unsubscribe_camera', { camera_id: cameraId });
    else this.#sendSubscribe(cameraId, wanted);
  }

  #handle(message: Envelope, nowMs: number): void {
    const { type, data } = message;
    if (type === 'connection_established') this.#greeted(data, nowMs);
    else if (type === 'heartbeat') this.#send('heartbeat_ack', { client_time: nowMs, server_time: data['server_time'] });
    else if (type === 'heartbeat_ack') this.#answered(nowMs);
    else if (type === 'identification_success') this.#identified(data, nowMs);
    else if (type === 'error') this.#refused(message);
    else if (type === 'recorded') this.#recorded(message);
    else if (type === 'duty_status') {
      this.#whereabouts.answered(data as unknown as DutyStatus, message.id);
      this.#emit({ name: 'duty', value: data as unknown as DutyStatus });
    } else {
      const answered = this.#streams.answered(message);
      if (answered !== null) {
        this.#tell(answered);
        return;
      }
      const outcome = this.#inbox.take(type, data);
      for (const event of outcome.events) this.#emit(event);
      if (outcome.moved) this.#scheduleReceived(nowMs);
    }
  }

  #greeted(data: Record<string, unknown>, nowMs: number): void {
    this.#heartbeatMs = heartbeatMs(data['heartbeat_interval']);
    if (typeof data['server_time'] === 'number') this.clockSkewMs = data['server_time'] - nowMs;
  }

  #identified(data: Record<string, unknown>, nowMs: number): void {
    if (this.#view.status !== 'connected' || !this.#identifySent) return;
    this.#identifiedAtMs = nowMs;
    this.#tokenRefused = false;
    for (const event of this.#inbox.identified(data)) this.#emit(event);
    this.#attempts = 0;
    this.#lastError = null;
    this.#timers.delete('deadline');
    this.#show({ status: 'authenticated', reason: '', retryAtMs: null, lostAtMs: null, stopped: null });
    this.#heartbeat(nowMs);
    this.#scheduleRefresh(nowMs);
    for (const [cameraId, wanted] of this.#subscriptions.all()) this.#sendSubscribe(cameraId, wanted);
    this.#say(this.#whereabouts.begin(this.#freshId(nowMs), nowMs));
    this.#say(this.#streams.begin(nowMs));
    this.#sendTaps(nowMs);
  }

  #refused(message: Envelope): void {
    const error = message.data as unknown as ServerError;
    const id = message.id ?? error.request_id;
    const passing = PASSING_ERRORS.includes(error.code);
    const tap = id === undefined || passing ? null : this.#outbox.refuse(id, error.message);
    if (id !== undefined && !passing) this.#whereabouts.refused(id);
    if (id !== undefined) this.#tell(this.#streams.refused(id, error));
    if (this.#view.status === 'connected') this.#lastError = error;
    if (tap !== null) {
      this.#saveTaps();
      this.#emit({ name: 'tap', value: tap });
    }
    this.#emit({ name: 'serverError', value: error });
  }

  #recorded(message: Envelope): void {
    const recorded = message.data as unknown as Recorded;
    const tap = this.#outbox.finish(recorded, message.id);
    this.#emit({ name: 'recorded', value: recorded });
    if (tap === null) return;
    this.#saveTaps();
    this.#emit({ name: 'tap', value: tap });
  }

  #open(nowMs: number): void {
    this.#timers.clear();
    this.#timers.set('deadline', nowMs + OPEN_WAIT_MS);
    this.#show({ ...this.#view, status: 'connecting', retryAtMs: null, stopped: null });
    this.#effects.push({ kind: 'open' });
  }

  /** Gives up on a connection that is still open on paper. */
  #abandon(reason: string, nowMs: number): void {
    this.#effects.push({ kind: 'close', code: 1000, reason: 'abandoned' });
    this.#retryLater(reason, null, nowMs);
  }

  #retryLater(reason: string, serverDelayMs: number | null, nowMs: number): void {
    this.#forgetConnection();
    if (this.#attempts >= (this.#options.maxReconnectAttempts ?? Infinity)) {
      this.#stop('gave_up', reason);
      return;
    }
    const chance = this.#options.random();
    const pause = this.#shortSessions >= SHORT_SESSIONS ? spread(BREAKER_MS, chance, this.#options.jitter) : 0;
    const wished = serverDelayMs ?? retryDelayMs(this.#attempts, chance, this.#options.jitter);
    const delay = Math.max(wished, pause);
    this.#attempts += 1;
    this.#timers.set('retry', nowMs + delay);
    const lostAtMs = this.#view.lostAtMs ?? nowMs;
    this.#show({ status: 'disconnected', reason, retryAtMs: nowMs + delay, lostAtMs, stopped: null });
  }

  /** The server answered and yet ended the session: did it come to anything? */
  #countShortSession(nowMs: number): void {
    const settled = this.#identifiedAtMs !== null && nowMs - this.#identifiedAtMs >= SHORT_SESSION_MS;
    this.#shortSessions = settled ? 0 : this.#shortSessions + 1;
  }

  #stop(stopped: StopReason, reason: string): void {
    this.#tokenRefused = false;
    this.#forgetConnection();
    this.#tell(this.#streams.giveUp(reason));
    this.#show({ ...this.#view, status: 'disconnected', reason, retryAtMs: null, stopped });
  }

  #forgetConnection(): void {
    this.#timers.clear();
    this.#heartbeatSentAtMs = null;
    this.#identifiedAtMs = null;
    this.#identifySent = false;
    this.#lastError = null;
    this.#outbox.connectionLost();
    this.#streams.end();
    for (const tap of this.#outbox.taps) this.#emit({ name: 'tap', value: tap });
  }

  #heard(nowMs: number): void {
    this.#received += 1;
    if (this.#view.status === 'authenticated') this.#timers.set('silence', nowMs + SILENCE_MS);
  }

  #heartbeat(nowMs: number): void {
    this.#heartbeatSentAtMs = nowMs;
    this.#timers.set('heartbeat', nowMs + this.#heartbeatMs);
    if (!this.#timers.has('silence')) this.#timers.set('silence', nowMs + SILENCE_MS);
    this.#send('heartbeat', { client_time: nowMs });
  }

  #scheduleRefresh(nowMs: number): void {
    const endsAtMs = this.#token === null ? null : expiryOf(this.#token);
    if (endsAtMs === null) this.#timers.delete('refresh');
    else this.#timers.set('refresh', Math.max(endsAtMs - this.clockSkewMs - REFRESH_AHEAD_MS, nowMs + REFRESH_RETRY_MS));
  }

  #answered(nowMs: number): void {
    if (this.#heartbeatSentAtMs !== null) this.#latency = nowMs - this.#heartbeatSentAtMs;
    this.#heartbeatSentAtMs = null;
  }

  #scheduleReceived(nowMs: number): void {
    if (this.#inbox.isAwaited) this.#sendReceived();
    else if (!this.#timers.has('received')) this.#timers.set('received', nowMs + RECEIVED_DELAY_MS);
  }

  #sendReceived(): void {
    this.#timers.delete('received');
    const position = this.#inbox.position;
    if (position === null || this.#view.status !== 'authenticated') return;
    this.#effects.push({ kind: 'save_position', position });
    this.#inbox.told();
    this.#send('received', { offset: position.offset });
  }

  #sendTaps(nowMs: number): void {
    if (this.#view.status !== 'authenticated') return;
    for (const tap of this.#outbox.takeDue(nowMs)) {
      const extra = tap.kind === 'ack' ? { verdict: tap.verdict } : { reason: tap.reason };
      const given = Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== null));
      this.#send(tap.kind, { alert_id: tap.alertId, ...given }, tap.id);
      this.#emit({ name: 'tap', value: { ...tap, state: 'sent', sentAtMs: nowMs } });
    }
  }

  #sendSubscribe(cameraId: string, wanted: Wanted): void {
    if (this.#view.status !== 'authenticated') return;
    const rate = wanted.maxFps === null ? {} : { max_fps: wanted.maxFps };
    this.#send('subscribe_camera', { camera_id: cameraId, frames: wanted.frames, ...rate });
  }

  /** Says what waits for no answer of its own, where there is somebody to hear it. */
  #say(messages: readonly Envelope[]): void {
    if (this.#view.status !== 'authenticated') return;
    for (const { type, data, id } of messages) this.#send(type, data, id);
  }

  #ask({ id, sends, events }: { id: string; sends: readonly Envelope[]; events: readonly SessionEvent[] }): string {
    this.#say(sends);
    this.#tell(events);
    return id;
  }

  #tell(events: readonly SessionEvent[]): void {
    for (const event of events) this.#emit(event);
  }

  #send(type: string, data: Record<string, unknown>, id?: string): void {
    this.#sent += 1;
    this.#effects.push({ kind: 'send', message: id === undefined ? { type, data } : { type, id, data } });
  }

  #saveTaps(): void {
    this.#effects.push({ kind: 'save_taps', taps: this.#outbox.taps });
  }

  #freshId(nowMs: number): string {
    this.#nextId += 1;
    return `${nowMs.toString(36)}-${this.#nextId.toString(36)}-${Math.floor(this.#options.random() * 36 ** 4).toString(36)}`;
  }

  #show(view: ConnectionView): void {
    this.#view = view;
    this.#emit({ name: 'connection', value: view });
  }

  #emit(event: SessionEvent): void {
    this.#effects.push({ kind: 'event', event });
  }
}
