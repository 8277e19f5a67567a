/** Why a session ended for good. `null` in its place means: come back. */
export type StopReason = 'bad_token' | 'protocol_violation' | 'superseded' | 'revoked' | 'refused' | 'gave_up';

const STOPS: ReadonlyMap<number, StopReason> = new Map([
  [4500, 'bad_token'],
  [4501, 'protocol_violation'],
  [4502, 'superseded'],
  [4503, 'revoked'],
]);

export const CLOSE_TOKEN_EXPIRED = 4001;
export const CLOSE_NO_HEARTBEAT = 4003;
export const CLOSE_BAD_TOKEN = 4500;
/** What a browser says where the line broke, or nobody answered: the server refused nothing. */
export const CLOSE_BROKEN_LINE = 1006;

/** What a close code says: 4500–4999 stop the client, everything else asks it to come back. */
export function stopReasonOf(code: number): StopReason | null {
  if (code < 4500 || code > 4999) return null;
  return STOPS.get(code) ?? 'refused';
}

/** The `retry_after_s` that a server wrote into the reason of a close, in milliseconds; `null` where it wrote none. */
export function retryAfterMs(reason: string): number | null {
  const match = /retry_after_s["']?\s*[:=]?\s*(\d+(?:\.\d+)?)/.exec(reason);
  return match?.[1] === undefined ? null : Math.round(Number(match[1]) * 1_000);
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [1000, 'the connection was closed'],
  [1001, 'the server is going away'],
  [1006, 'the server cannot be reached'],
  [1009, 'a message was too large'],
  [1011, 'the server met an error'],
  [1012, 'the server is restarting'],
  [4000, 'the server is shutting down'],
  [4001, 'the sign-in expired'],
  [4002, 'this connection was too slow'],
  [4003, 'no sign of life from the server'],
  [4004, 'the server is overloaded'],
  [4500, 'the sign-in was refused'],
  [4501, 'the server refused a message as malformed'],
  [4502, 'a newer connection of this device took over'],
  [4503, 'access was revoked'],
]);

/** A close code in plain words. */
export function meaningOf(code: number): string {
  return MEANINGS.get(code) ?? `the connection was closed (code ${code})`;
}
