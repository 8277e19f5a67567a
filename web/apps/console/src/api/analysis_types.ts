/** Recordings and pictures that are analysed on request. Times are milliseconds since the epoch. */
import type { Box, Crowd, Severity } from '@sightline/client';

export interface AnalysisJob {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  reason: string;
  files: { name: string; size_bytes: number }[];
  fps: number;
  annotate: boolean;
  created_at: number;
  ended_at: number | null;
  forgotten_at: number | null;
  /** Index of the file under way. */
  file: number;
  share: number;
  /** Of all files, 0 to 1. */
  progress: number;
  frames: number;
}

/** What `/ws` answers a picture with; boxes are in pixels of the picture that was sent. */
export interface FrameAnswer {
  faces: { bbox: Box; confidence: number }[];
  bodies: { bbox: Box; confidence: number }[];
  crowd_analysis: Crowd;
  alerts: { type: string; message: string; level: Severity }[];
  /** Seconds. */
  processing_time: number;
  width: number;
  height: number;
}
