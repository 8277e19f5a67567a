/** A piece of a continuous recording; times in ms since the epoch. */
export interface FootagePiece {
  starts_at: number;
  duration_ms: number;
  size_bytes: number;
  media_type: string;
  url: string;
}

export interface Footage {
  camera_id: string;
  /** Whether the camera is to be recorded. */
  recording: boolean;
  /** Why nothing is recorded just now; else empty. */
  stopped: string;
  silent_engines: string[];
  truncated: boolean;
  /** Oldest first. */
  pieces: FootagePiece[];
}

/** When a camera saw somebody, or recordings of it show them. */
export interface SeenSpan {
  camera_id: string;
  /** Empty once the camera was removed. */
  camera: string;
  starts_at: number;
  ends_at: number;
}

export interface PersonFootage {
  /** Recordings that show the person, by camera, the oldest first. */
  spans: SeenSpan[];
  pieces: number;
  size_bytes: number;
  /** Engines that may have more and could not be asked. */
  unreached_engines: string[];
  /** When cameras saw the person, where engines could not be asked; else empty. */
  seen: SeenSpan[];
}
