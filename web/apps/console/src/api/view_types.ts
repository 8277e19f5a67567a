/** What a camera is to watch for. Points are `[x, y]` in shares of the picture, 0 to 1 from its top left corner. */
import type { Severity } from '@sightline/client';

import type { Shift } from './types.ts';

export type Point = [x: number, y: number];
export type RuleLabel = 'person' | 'vehicle' | 'package' | 'phone';
export type Direction = 'in' | 'out';
export type Liveness = 'off' | 'report' | 'require';

/** Weekly hours; without a zone of its own, in the server's. */
export interface Schedule {
  timezone: string | null;
  shifts: Shift[];
}

export interface Zone {
  name: string;
  polygon: Point[];
}

/** `in` is from its left to its right, looking from start to end. */
export interface Line {
  name: string;
  start: Point;
  end: Point;
}

export interface CrowdWatch {
  threshold: number;
  zone: string | null;
  over_ms: number;
  under_ms: number;
  severity: Severity | null;
  schedule: Schedule | null;
}

export interface DetectionRule {
  label: RuleLabel;
  zone: string | null;
  line: string | null;
  direction: Direction | null;
  schedule: Schedule | null;
  severity: Severity | null;
  enabled: boolean;
}

export interface NewCameraView {
  masks: Point[][];
  zones: Zone[];
  lines: Line[];
  crowds: CrowdWatch[];
  rules: DetectionRule[];
  liveness: Liveness;
  /** How often a second persons and things are looked for; `null`: as the settings say, 0: never. */
  objects_fps: number | null;
  /** Whether everything is recorded, on its engine's disk. */
  record: boolean;
}

export interface CameraView extends NewCameraView {
  camera_id: string;
  /** Whether it is this camera's, and not that of the settings. */
  own: boolean;
}
