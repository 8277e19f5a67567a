import { CaptureClock, referenceTime } from './capture_clock.ts';
import type { Player, Told } from './player.ts';
import { hiddenVideo, watchPictures } from './player.ts';

/** How far behind the newest picture it plays: what comes late by less than this is not noticed. */
const BEHIND_S = 0.12;
/** Further behind it hurries, and beyond the second limit it jumps. */
const HURRY_S = 0.2;
const JUMP_S = 1.2;
const HURRY_RATE = 1.08;
const KEPT_S = 8;
const TICK_MS = 200;
/** While the browser is busy at most so much waits to be appended; more means that it has stopped. */
const MAX_WAITING_BYTES = 16 * 2 ** 20;

interface Stream {
  mime: string;
}

/** Plays fragmented MP4 from a WebSocket by `MediaSource`, as close to now as it can without stumbling. */
export class Mp4Player implements Player {
  readonly way = 'mp4';
  connected = false;
  readonly #video: HTMLVideoElement;
  readonly #clock = new CaptureClock();
  readonly #told: Told;
  readonly #endWatching: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #socket: WebSocket | null = null;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #waiting: ArrayBuffer[] = [];
  #waitingBytes = 0;
  #intervalS = 0;
  #lastMediaS = 0;
  #over = false;

  static readonly isSupported = 'MediaSource' in globalThis && 'requestVideoFrameCallback' in HTMLVideoElement.prototype;

  /** `open` gives the address, with a ticket that is good once. */
  constructor(open: () => Promise<string>, beside: Element, told: Told) {
    this.#told = told;
    this.#video = hiddenVideo(beside);
    this.#endWatching = watchPictures(this.#video, ({ mediaTime }) => {
      told.onPicture(this.#video, this.#clock.at(mediaTime));
    });
    this.#timer = setInterval(() => {
      this.#keepUp();
    }, TICK_MS);
    open().then(
      (address) => {
        if (!this.#over) this.#connect(address);
      },
      () => {
        this.#end();
      },
    );
  }

  stop(): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.#endWatching();
    this.#socket?.close();
    this.#forgetSource();
    this.#video.remove();
  }

  #connect(address: string): void {
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.connected = true;
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#over) return;
      if (typeof data === 'string') this.#begin(data);
      else this.#take(data);
    };
    socket.onclose = () => {
      this.#end();
    };
    this.#socket = socket;
  }

  /** Another video begins: nothing of the one before fits it. */
  #begin(message: string): void {
    const { type, data } = JSON.parse(message) as { type: string; data: Stream };
    if (type !== 'stream') return;
    if (!MediaSource.isTypeSupported(data.mime)) {
      this.#end(false);
      return;
    }
    this.#forgetSource();
    const source = new MediaSource();
    this.#source = source;
    const address = URL.createObjectURL(source);
    source.onsourceopen = () => {
      URL.revokeObjectURL(address);
      if (source !== this.#source) return;
      const buffer = source.addSourceBuffer(data.mime);
      buffer.onupdateend = () => {
        this.#append();
      };
      buffer.onerror = () => {
        this.#end();
      };
      this.#buffer = buffer;
      this.#append();
    };
    this.#video.src = address;
    this.#clock.clear();
  }

  #take(data: ArrayBuffer): void {
    const reference = referenceTime(data);
    if (reference !== null) {
      this.#clock.mark(reference.mediaS, reference.atMs);
      const step = reference.mediaS - this.#lastMediaS;
      this.#lastMediaS = reference.mediaS;
      if (step > 0 && step < 3) this.#intervalS = this.#intervalS === 0 ? step : 0.9 * this.#intervalS + 0.1 * step;
    }
    this.#waiting.push(data);
    this.#waitingBytes += data.byteLength;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#end();
    else this.#append();
  }

  #append(): void {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || this.#over || this.#source?.readyState !== 'open') return;
    if (this.#waiting.length === 0) {
      this.#start(buffer);
      return;
    }
    const parts = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      buffer.appendBuffer(joined(parts));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.#end(); // the browser has no room for it, or has given up on what came before
    }
  }

  /** At the first pictures: to the newest of them. */
  #start(buffer: SourceBuffer): void {
    if (!this.#video.paused || buffer.buffered.length === 0) return;
    this.#jump(buffer.buffered);
    this.#video.play().catch(() => undefined); // one that was stopped meanwhile says so here
  }

  #keepUp(): void {
    const { buffered, currentTime, readyState } = this.#video;
    const buffer = this.#buffer;
    if (buffer === null || buffered.length === 0) return;
    const first = buffered.start(buffered.length - 1);
    const behind = buffered.end(buffered.length - 1) - currentTime;
    const usual = Math.max(BEHIND_S, 1.5 * this.#intervalS);
    const waitsBeforeGap = readyState < HTMLMediaElement.HAVE_FUTURE_DATA && currentTime < first;
    if (behind > JUMP_S + usual || waitsBeforeGap) this.#jump(buffered);
    this.#video.playbackRate = behind > usual + HURRY_S ? HURRY_RATE : 1;
    const old = currentTime - KEPT_S;
    if (!buffer.updating && this.#source?.readyState === 'open' && buffered.start(0) < old - KEPT_S) buffer.remove(0, old);
  }

  #jump(buffered: TimeRanges): void {
    const last = buffered.length - 1;
    const behind = Math.max(BEHIND_S, 1.5 * this.#intervalS);
    this.#video.currentTime = Math.max(buffered.start(last), buffered.end(last) - behind);
  }

  #forgetSource(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#buffer = null;
    this.#source = null;
    this.#intervalS = 0;
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  #end(reachable = this.connected): void {
    if (this.#over) return;
    this.stop();
    this.#told.onEnd(reachable);
  }
}

function joined(parts: readonly ArrayBuffer[]): ArrayBuffer {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole.buffer;
}
