/** This device's video, sent by WebRTC; the session is opened by WHIP (RFC 9725), with all candidates in the offer. */
import { ApiError, offerSession, request } from '../api/http.ts';
import { deviceText } from '../text/this_device.ts';
import type { Outgoing, OutgoingEvents, Problem } from './problem.ts';

const GATHERING_MS = 1_500;
/** Where UDP passes, a connection takes well under a second. */
const CONNECTING_MS = 8_000;
/** A connection that stumbles often finds itself again. */
const STUMBLING_MS = 4_000;
const MAX_BITRATE = 2_500_000;

export function publishByWebRtc(cameraId: string, track: MediaStreamTrack, events: OutgoingEvents): Outgoing {
  return new WhipSession(cameraId, track, events);
}

class WhipSession implements Outgoing {
  readonly #connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  readonly #events: OutgoingEvents;
  #location: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wasLive = false;
  #over = false;

  constructor(cameraId: string, track: MediaStreamTrack, events: OutgoingEvents) {
    this.#events = events;
    this.#connection.onconnectionstatechange = () => {
      this.#moved();
    };
    void this.#begin(cameraId, track);
  }

  stop(): void {
    if (this.#over || this.#location === null) {
      this.drop();
      return;
    }
    this.#over = true;
    clearTimeout(this.#timer);
    // Said before the connection ends, or the server would take it for lost. Should this be lost, it is taken for that.
    request(this.#location, { method: 'DELETE' })
      .catch(() => undefined)
      .finally(() => {
        this.#connection.close();
      });
  }

  drop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  async #begin(cameraId: string, track: MediaStreamTrack): Promise<void> {
    const connection = this.#connection;
    try {
      const { sender, setCodecPreferences } = send(connection, track);
      setCodecPreferences();
      await connection.setLocalDescription();
      await gathered(connection);
      const { answer, location } = await offerSession(`/whip/${encodeURIComponent(cameraId)}`, connection.localDescription?.sdp ?? '');
      this.#location = location;
      if (this.#over) return;
      await connection.setRemoteDescription({ type: 'answer', sdp: answer });
      await limit(sender);
      this.#timer = setTimeout(() => {
        this.#end({ kind: 'blocked', reason: deviceText.unreachable });
      }, CONNECTING_MS);
      this.#moved();
    } catch (error) {
      this.#end(problemOf(error));
    }
  }

  #moved(): void {
    const state = this.#connection.connectionState;
    if (this.#over || this.#location === null) return;
    if (state === 'connected') {
      clearTimeout(this.#timer);
      if (!this.#wasLive) this.#events.onLive();
      this.#wasLive = true;
    } else if (state === 'disconnected') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#end({ kind: 'lost', reason: deviceText.lost });
      }, STUMBLING_MS);
    } else if (state === 'failed' || state === 'closed') {
      this.#end(this.#wasLive ? { kind: 'lost', reason: deviceText.lost } : { kind: 'blocked', reason: deviceText.unreachable });
    }
  }

  #end(problem: Problem): void {
    if (this.#over) return;
    this.drop();
    this.#events.onLost(problem);
  }
}

function send(connection: RTCPeerConnection, track: MediaStreamTrack): { sender: RTCRtpSender; setCodecPreferences: () => void } {
  const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [new MediaStream([track])] });
  return {
    sender: transceiver.sender,
    setCodecPreferences: () => {
      // H.264 is what players and recordings take as it is; a browser without it has VP8.
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      const isH264 = ({ mimeType }: { mimeType: string }): boolean => mimeType.toLowerCase() === 'video/h264';
      if (codecs.some(isH264)) transceiver.setCodecPreferences([...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))]);
    },
  };
}

async function limit(sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.maxBitrate = MAX_BITRATE;
  await sender.setParameters(parameters);
}

async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, GATHERING_MS);
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') resolve();
    };
  });
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError && error.status === 404) return { kind: 'refused', reason: deviceText.gone };
  if (error instanceof ApiError && error.status >= 400 && error.status < 500) return { kind: 'refused', reason: error.message };
  return { kind: 'lost', reason: error instanceof Error ? error.message : deviceText.lost };
}
