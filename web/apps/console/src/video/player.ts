/** How a picture comes: by WebRTC, as MP4 over a WebSocket, or as single JPEGs. */
export type Way = 'webrtc' | 'mp4' | 'jpeg';

export type Quality = 'thumbnail' | 'sd' | 'hd';

/** What a player tells. */
export interface Told {
  /** A picture is shown now that was captured at `atMs` (`null`: not known). */
  onPicture: (video: HTMLVideoElement, atMs: number | null) => void;
  /** Nothing more comes. `reachable`: whether this way got as far as the server. */
  onEnd: (reachable: boolean) => void;
}

/** One that plays from its making until `stop`. */
export interface Player {
  readonly way: Way;
  /** Whether it has reached the server: what is missing then is a picture. */
  readonly connected: boolean;
  /** Holds pictures back for so long after they come; not every way can. */
  delay?: (ms: number) => void;
  stop(): void;
}

/**
 * A video that nobody sees: its pictures are painted elsewhere, together with their boxes. It has to be in the page all
 * the same, for browsers do not hurry with what is not.
 */
export function hiddenVideo(beside: Element): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.disablePictureInPicture = true;
  video.setAttribute('aria-hidden', 'true');
  video.tabIndex = -1;
  Object.assign(video.style, { position: 'absolute', left: '0', top: '0', width: '2px', height: '2px', pointerEvents: 'none' });
  beside.before(video);
  return video;
}

/** Calls `onPicture` with the time in the video of every picture that is shown, until the returned function is called. */
export function watchPictures(video: HTMLVideoElement, onPicture: (metadata: VideoFrameCallbackMetadata) => void): () => void {
  let handle = 0;
  const shown = (_now: number, metadata: VideoFrameCallbackMetadata): void => {
    handle = video.requestVideoFrameCallback(shown);
    onPicture(metadata);
  };
  handle = video.requestVideoFrameCallback(shown);
  return () => {
    video.cancelVideoFrameCallback(handle);
  };
}
