import type { Player, Told } from './player.ts';
import { hiddenVideo, watchPictures } from './player.ts';
import { RtpClock } from './rtp_clock.ts';

/** Candidates that take longer are left out. */
const GATHERING_MS = 1000;

/** An answer, and where its session is ended. */
export interface Answered {
  answer: string;
  location: string;
}

/** The server's side of a session. Both raise when it cannot be reached. */
export interface Signalling {
  offer: (sdp: string) => Promise<Answered>;
  end: (session: string) => Promise<void>;
}

/** Plays a camera by WebRTC (WHEP). */
export class WhepPlayer implements Player {
  readonly way = 'webrtc';
  connected = false;
  readonly #video: HTMLVideoElement;
  readonly #connection = new RTCPeerConnection();
  readonly #clock = new RtpClock();
  readonly #signalling: Signalling;
  readonly #told: Told;
  readonly #endWatching: () => void;
  #session: string | null = null;
  #over = false;

  static readonly isSupported = 'RTCPeerConnection' in globalThis && 'requestVideoFrameCallback' in HTMLVideoElement.prototype;

  constructor(signalling: Signalling, beside: Element, told: Told) {
    this.#signalling = signalling;
    this.#told = told;
    this.#video = hiddenVideo(beside);
    this.#endWatching = watchPictures(this.#video, ({ rtpTimestamp }) => {
      told.onPicture(this.#video, rtpTimestamp === undefined ? null : this.#clock.at(rtpTimestamp));
    });
    this.#negotiate().catch(() => {
      this.#end(false);
    });
  }

  /** Pictures are held back for so long, that what belongs to them can come first. */
  delay(ms: number): void {
    for (const receiver of this.#connection.getReceivers()) receiver.jitterBufferTarget = ms;
  }

  stop(): void {
    this.#over = true;
    this.#endWatching();
    this.#connection.close();
    this.#video.srcObject = null;
    this.#video.remove();
    const session = this.#session;
    this.#session = null;
    if (session !== null) this.#signalling.end(session).catch(() => undefined); // it ends by itself in half a minute
  }

  async #negotiate(): Promise<void> {
    const connection = this.#connection;
    connection.addTransceiver('video', { direction: 'recvonly' });
    connection.createDataChannel('times').onmessage = ({ data }: MessageEvent<string>) => {
      const { rtp, at_ms: atMs } = JSON.parse(data) as { rtp: number; at_ms: number };
      this.#clock.set(rtp, atMs);
    };
    connection.ontrack = ({ track }) => {
      this.#video.srcObject = new MediaStream([track]);
      this.#video.play().catch(() => undefined); // one that was stopped meanwhile says so here
    };
    connection.onconnectionstatechange = () => {
      const { connectionState } = connection;
      if (connectionState === 'connected') this.connected = true;
      if (connectionState === 'failed' || connectionState === 'disconnected') this.#end(this.connected);
    };
    await connection.setLocalDescription();
    await gathered(connection);
    if (this.#isOver()) return;
    const { answer, location } = await this.#signalling.offer(connection.localDescription?.sdp ?? '');
    this.#session = location;
    if (this.#isOver()) this.stop();
    else await connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  #isOver(): boolean {
    return this.#over;
  }

  #end(reachable: boolean): void {
    if (this.#over) return;
    this.stop();
    this.#told.onEnd(reachable);
  }
}

/** The server takes no candidates afterwards. */
async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, GATHERING_MS);
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}
