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
