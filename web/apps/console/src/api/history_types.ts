/** Figures of the past by the hour. Times are milliseconds since the epoch. */
export type Metric = 'detections' | 'people' | 'crowd' | 'processing_ms' | 'crossings';

export interface HistoryRow {
  camera_id: string;
  /** When the hour begins. */
  hour: number;
  metric: Metric;
  detail: string;
  count: number;
  mean: number;
  total: number;
  most: number;
}

export interface HistoryAnswer {
  rows: HistoryRow[];
  truncated: boolean;
}
