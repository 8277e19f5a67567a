/** `/ws`: pictures go out, what they show comes back; one at a time, so that neither side falls behind. */
import type { FrameAnswer } from '../api/analysis_types.ts';

export interface FrameSettings {
  confidence_threshold: number;
  crowd_threshold: number;
}

interface Handlers {
  onReady: () => void;
  onAnswer: (answer: FrameAnswer) => void;
  /** A picture was not looked at; the next may be. */
  onRefused: (message: string) => void;
  onClosed: (reason: string) => void;
}

export class FramesSocket {
  readonly #socket: WebSocket;
  readonly #handlers: Handlers;

  constructor(token: string, handlers: Handlers) {
    this.#handlers = handlers;
    const url = new URL('/ws', window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket = new WebSocket(url);
    this.#socket.onmessage = (event: MessageEvent<string>) => {
      this.#hear(JSON.parse(event.data) as { event: string; data: Record<string, unknown> }, token);
    };
    this.#socket.onclose = (event) => {
      handlers.onClosed(event.reason);
    };
  }

  /** `picture` is a data URL. Answered by `onAnswer` or `onRefused`. */
  push(picture: string, settings: FrameSettings, timestamp: number): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ event: 'process_frame', data: { frame: picture, timestamp, settings } }));
  }

  close(): void {
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
  }

  #hear({ event, data }: { event: string; data: Record<string, unknown> }, token: string): void {
    if (event === 'connected') this.#socket.send(JSON.stringify({ event: 'authenticate', data: { token } }));
    else if (event === 'authenticated') this.#handlers.onReady();
    else if (event === 'detection_result') this.#handlers.onAnswer(data as unknown as FrameAnswer);
    else if (event === 'frame_dropped') this.#handlers.onRefused('');
    else if (event === 'error') this.#handlers.onRefused(typeof data['message'] === 'string' ? data['message'] : '');
  }
}
