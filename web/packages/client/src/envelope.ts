import type { Envelope } from './messages.ts';

export const DEFAULT_HEARTBEAT_MS = 30_000;

/** The server's heartbeat interval: seconds, or milliseconds as the protocol's first version has them. */
export function heartbeatMs(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0)) return DEFAULT_HEARTBEAT_MS;
  const ms = value < 1_000 ? value * 1_000 : value;
  return Math.min(Math.max(ms, 1_000), DEFAULT_HEARTBEAT_MS);
}

/** A text message; `null` for what is none. */
export function parseEnvelope(text: string): Envelope | null {
  try {
    const value = JSON.parse(text) as Partial<Envelope> | null;
    if (typeof value?.type !== 'string') return null;
    const data = typeof value.data === 'object' && value.data !== null ? value.data : {};
    return { ...value, type: value.type, data };
  } catch {
    return null;
  }
}
