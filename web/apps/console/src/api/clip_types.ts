/** What there is to see of an alert. Times are milliseconds since the epoch. */
export interface AlertClip {
  alert_id: string;
  state: 'recording' | 'ready' | 'missing' | 'none';
  clip_url: string | null;
  clip_starts_at: number | null;
  /** Where in the clip the alert's picture is. */
  event_offset_ms: number | null;
  duration_ms: number | null;
  media_type: string | null;
  size_bytes: number | null;
}
