/** This device's pictures as JPEG over a WebSocket, for networks that let no video pass. The newest wins. */
import { request } from '../api/http.ts';
import type { Camera } from '../api/types.ts';
import { pictureOf } from '../capture/device_camera.ts';
import { deviceText } from '../text/this_device.ts';
import type { Outgoing, OutgoingEvents, Problem } from './problem.ts';
import { problemOf } from './whip_session.ts';

const INTERVAL_MS = 125;
const LONGEST_PX = 960;
/** Pictures on their way at once: more would only be older when they arrive. */
const MAX_UNANSWERED = 2;
const SILENCE_MS = 6_000;
const STOPPED = 1000;
/** From here on, close codes say not to come back; but another's pictures, or another engine, may be there for a while. */
const FIRST_FINAL_CODE = 4500;
const SUPERSEDED = 4502;

interface Word {
  type: string;
  data: { timestamp?: number; message?: string };
}

export function publishByPictures(cameraId: string, video: HTMLVideoElement, events: OutgoingEvents): Outgoing {
  return new PicturePush(cameraId, video, events);
}

class PicturePush implements Outgoing {
  readonly #video: HTMLVideoElement;
  readonly #events: OutgoingEvents;
  readonly #unanswered = new Set<number>();
  #socket: WebSocket | null = null;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #heardAtMs = 0;
  #taking = false;
  #wasLive = false;
  #over = false;

  constructor(cameraId: string, video: HTMLVideoElement, events: OutgoingEvents) {
    this.#video = video;
    this.#events = events;
    void this.#begin(cameraId);
  }

  stop(): void {
    this.drop();
  }

  drop(): void {
    this.#over = true;
    clearInterval(this.#ticking);
    this.#socket?.close(STOPPED);
  }

  async #begin(cameraId: string): Promise<void> {
    try {
      // A browser does not say why a WebSocket was refused, so that the camera is asked for first.
      const { enabled } = await request<Camera>(`/api/cameras/${encodeURIComponent(cameraId)}`);
      if (!enabled) {
        this.#end({ kind: 'refused', reason: deviceText.switchedOff });
        return;
      }
      const { ticket } = await request<{ ticket: string }>('/api/ws-ticket', { method: 'POST' });
      if (this.#over) return;
      const url = new URL(`/ws/camera/${encodeURIComponent(cameraId)}`, window.location.href);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      url.searchParams.set('ticket', ticket);
      this.#listen(new WebSocket(url));
    } catch (error) {
      this.#end(problemOf(error));
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket;
    socket.onmessage = (event: MessageEvent<string>) => {
      this.#hear(JSON.parse(event.data) as Word);
    };
    socket.onclose = ({ code, reason }) => {
      const words = reason === '' ? deviceText.lost : reason;
      this.#end(code >= FIRST_FINAL_CODE && code !== SUPERSEDED ? { kind: 'refused', reason: words } : { kind: 'lost', reason: words });
    };
  }

  #hear({ type, data }: Word): void {
    this.#heardAtMs = Date.now();
    if (type === 'publishing') this.#ticking = setInterval(() => void this.#tick(), INTERVAL_MS);
    if (data.timestamp !== undefined) this.#unanswered.delete(data.timestamp);
    if (type === 'error') this.#end({ kind: 'refused', reason: data.message ?? deviceText.lost });
    if (type === 'frame_accepted' && !this.#wasLive) {
      this.#wasLive = true;
      this.#events.onLive();
    }
  }

  async #tick(): Promise<void> {
    const socket = this.#socket;
    if (Date.now() - this.#heardAtMs > SILENCE_MS) this.#end({ kind: 'lost', reason: deviceText.silent });
    if (this.#over || this.#taking || socket?.readyState !== WebSocket.OPEN || this.#unanswered.size >= MAX_UNANSWERED) return;
    this.#taking = true;
    const timestamp = Date.now();
    const picture = await pictureOf(this.#video, LONGEST_PX);
    this.#taking = false;
    if (picture === null || socket.readyState !== WebSocket.OPEN) {
      this.#heardAtMs = Date.now(); // a camera that shows nothing yet is not the server's silence
      return;
    }
    this.#unanswered.add(timestamp);
    const header = new TextEncoder().encode(JSON.stringify({ timestamp }));
    const length = new DataView(new ArrayBuffer(4));
    length.setUint32(0, header.byteLength);
    socket.send(new Blob([length.buffer, header, picture]));
  }

  #end(problem: Problem): void {
    if (this.#over) return;
    this.drop();
    this.#events.onLost(problem);
  }
}
