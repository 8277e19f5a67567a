import type { DetectionResult, FaceResult, Frame } from '@sightline/client';

import { Observations } from './observations.ts';
import type { Player, Quality, Told, Way } from './player.ts';
import type { Painted } from './painter.ts';
import { Painter } from './painter.ts';
import type { WayMemory } from './way_memory.ts';

/** A way that has not reached the server after this long does not lead there. */
const REACH_MS = 5000;
/** One that has, waits for a keyframe, which some cameras send every ten seconds only. */
const FIRST_PICTURE_MS = 15_000;
/** Pictures that stop for so long, while the camera is there, are a fault of the way. */
const STILL_MS = 6000;
const TICK_MS = 500;
/** Pictures are held back for this long at most, so that their boxes can come first. */
const LONGEST_DELAY_MS = 400;
const DELAY_MARGIN_MS = 25;
const EARLY_ENOUGH_MS = 120;
const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 60_000;

/** The part of the client that is needed. */
export interface Source {
  on(event: 'faces', listener: (result: FaceResult) => void): () => void;
  on(event: 'detections', listener: (result: DetectionResult) => void): () => void;
  on(event: 'frame', listener: (frame: Frame) => void): () => void;
  subscribeCamera(cameraId: string, options: { frames?: boolean; maxFps?: number }): () => void;
}

/** Begins to play in one way. */
export type Begin = (quality: Quality, beside: Element, told: Told) => Player;

export interface Ways {
  cameraId: string;
  source: Source;
  canvas: HTMLCanvasElement;
  /** Video, best first; JPEG is always there. */
  video: readonly [way: Way, begin: Begin][];
  jpegFps: number;
  /** Of this page: what one camera has found out, the others need not. */
  memory: WayMemory;
  onPainted: (painted: Painted) => void;
  onWay: (way: Way) => void;
}

/**
 * One camera on one canvas, in the best way that works from here, by itself: WebRTC, MP4 over WebSocket, JPEG.
 *
 * JPEG is there at once, until a video has shown its first picture, and again whenever one has failed. The canvas keeps
 * the last picture until the next is painted, so that no change is seen as black.
 */
export class LivePicture {
  readonly #ways: Ways;
  readonly #painter: Painter;
  readonly #observations = new Observations();
  readonly #ends: (() => void)[];
  readonly #timer: ReturnType<typeof setInterval>;
  #quality: Quality;
  #endSubscription: () => void;
  #withFrames = true;
  #playing: Player | null = null;
  #trying: { player: Player; quality: Quality; sinceMs: number; left: readonly [Way, Begin][] } | null = null;
  #playingQuality: Quality;
  #pictureAtMs = 0;
  /** When the picture was captured that is shown now. */
  #shownAtMs: number | null = null;
  /** By how much the boxes came too late since the last look; negative: too early. */
  #lateMs: number | null = null;
  #delayMs = 0;
  #retryAtMs = 0;
  #retryMs = FIRST_RETRY_MS;
  #waiting: Frame | null = null;
  #decoding = false;
  #stopped = false;

  constructor(ways: Ways, quality: Quality) {
    const { source, cameraId } = ways;
    this.#ways = ways;
    this.#quality = this.#playingQuality = quality;
    this.#painter = new Painter(ways.canvas, this.#observations, ways.onPainted);
    this.#ends = [
      source.on('faces', (result) => {
        if (result.camera_id !== cameraId) return;
        this.#observations.addFaces(result);
        if (this.#shownAtMs !== null) this.#lateMs = Math.max(this.#lateMs ?? -Infinity, this.#shownAtMs - result.timestamp);
      }),
      source.on('detections', (result) => {
        if (result.camera_id === cameraId) this.#observations.addObjects(result);
      }),
      source.on('frame', (frame) => {
        if (frame.camera_id === cameraId && this.#playing === null) this.#decode(frame);
      }),
    ];
    this.#endSubscription = source.subscribeCamera(cameraId, { frames: true, maxFps: ways.jpegFps });
    this.#timer = setInterval(() => {
      this.#tick(performance.now());
    }, TICK_MS);
    this.#tick(performance.now());
  }

  /** Another quality: the old one goes on until the new one has its first picture. */
  show(quality: Quality): void {
    this.#quality = quality;
    if (this.#trying !== null && this.#trying.quality !== quality) this.#giveUpTrying();
    this.#retryAtMs = 0;
    this.#tick(performance.now());
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#giveUpTrying();
    this.#playing?.stop();
    this.#waiting = null;
    for (const end of this.#ends) end();
    this.#endSubscription();
  }

  #tick(nowMs: number): void {
    if (this.#playing !== null && nowMs - this.#pictureAtMs > STILL_MS) this.#lost(nowMs);
    this.#keepInStep();
    if (this.#trying !== null) {
      const { player, sinceMs } = this.#trying;
      const patienceMs = player.connected ? FIRST_PICTURE_MS : REACH_MS;
      if (nowMs - sinceMs > patienceMs) this.#failed(player.connected, nowMs);
      return;
    }
    const wanted = this.#playing === null || this.#playingQuality !== this.#quality;
    if (wanted && nowMs >= this.#retryAtMs) this.#try(this.#ways.video, nowMs);
  }

  #try(ways: readonly [Way, Begin][], nowMs: number): void {
    const left = ways.filter(([way]) => !this.#ways.memory.isBlocked(way, nowMs));
    const [first, ...others] = left;
    if (first === undefined) {
      this.#retryAtMs = nowMs + this.#retryMs;
      this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
      return;
    }
    const quality = this.#quality;
    const player: Player = first[1](quality, this.#ways.canvas, {
      onPicture: (video, atMs) => {
        this.#picture(player, video, atMs);
      },
      onEnd: (reachable) => {
        this.#ended(player, reachable);
      },
    });
    this.#trying = { player, quality, sinceMs: nowMs, left: others };
  }

  #picture(player: Player, video: HTMLVideoElement, atMs: number | null): void {
    if (this.#trying?.player === player) this.#begin(player, this.#trying.quality);
    if (this.#playing !== player) return;
    this.#pictureAtMs = performance.now();
    this.#shownAtMs = atMs;
    this.#painter.paint(video, video.videoWidth, video.videoHeight, atMs);
  }

  /** Boxes take longer than WebRTC's pictures: these wait, as long as it takes and no longer. */
  #keepInStep(): void {
    const lateMs = this.#lateMs;
    this.#lateMs = null;
    if (lateMs === null || this.#playing?.delay === undefined) return;
    if (lateMs > 0) this.#delayMs = Math.min(this.#delayMs + lateMs + DELAY_MARGIN_MS, LONGEST_DELAY_MS);
    else if (lateMs < -EARLY_ENOUGH_MS) this.#delayMs = Math.max(this.#delayMs - DELAY_MARGIN_MS, 0);
    else return;
    this.#playing.delay(this.#delayMs);
  }

  /** The first picture is there: what was shown until now ends. */
  #begin(player: Player, quality: Quality): void {
    this.#playing?.stop();
    this.#playing = player;
    this.#playingQuality = quality;
    this.#trying = null;
    this.#retryMs = FIRST_RETRY_MS;
    this.#shownAtMs = this.#lateMs = null;
    if (this.#delayMs > 0) player.delay?.(this.#delayMs);
    this.#subscribe(false);
    this.#ways.onWay(player.way);
  }

  #ended(player: Player, reachable: boolean): void {
    const nowMs = performance.now();
    if (this.#trying?.player === player) this.#failed(reachable, nowMs);
    else if (this.#playing === player) this.#lost(nowMs);
  }

  #failed(reachable: boolean, nowMs: number): void {
    if (this.#trying === null) return;
    const { player, left } = this.#trying;
    this.#giveUpTrying();
    if (!reachable) this.#ways.memory.blocked(player.way, nowMs);
    this.#try(left, nowMs);
  }

  #lost(nowMs: number): void {
    this.#playing?.stop();
    this.#playing = null;
    this.#subscribe(true);
    this.#retryAtMs = nowMs + this.#retryMs;
  }

  #giveUpTrying(): void {
    this.#trying?.player.stop();
    this.#trying = null;
  }

  #subscribe(frames: boolean): void {
    if (frames === this.#withFrames) return;
    this.#withFrames = frames;
    const before = this.#endSubscription;
    const options = frames ? { frames, maxFps: this.#ways.jpegFps } : { frames };
    this.#endSubscription = this.#ways.source.subscribeCamera(this.#ways.cameraId, options);
    before();
  }

  /** While one picture is decoded the newest waits and older ones are dropped: late in rate, not in time. */
  #decode(frame: Frame): void {
    this.#waiting = frame;
    if (!this.#decoding) void this.#decodeNewest();
  }

  async #decodeNewest(): Promise<void> {
    this.#decoding = true;
    while (this.#waiting !== null) {
      const frame: Frame = this.#waiting;
      this.#waiting = null;
      try {
        const picture = await createImageBitmap(new Blob([frame.jpeg], { type: 'image/jpeg' }));
        if (!this.#stopped && this.#playing === null) {
          this.#painter.paint(picture, picture.width, picture.height, frame.timestamp);
          this.#ways.onWay('jpeg');
        }
        picture.close();
      } catch (error) {
        // A JPEG that cannot be decoded is one picture less; the next comes in a moment.
        if (!(error instanceof DOMException)) throw error;
      }
    }
    this.#decoding = false;
  }
}
