/**
 * Client of the Sightline native protocol, `/ws/v1`.
 *
 * - `Session` decides (pure: no socket, clock or timer); `SightlineClient` drives it over a WebSocket.
 * - Alerts are shown once for each `alert_id`, also over reconnections; the place in the log survives them.
 * - A tap (`acknowledge`, `decline`) is kept until the server has recorded it.
 * - Subscriptions, streams, duty and location are said again on every new connection.
 */
export { retryDelayMs } from './backoff.ts';
export { SightlineClient } from './client.ts';
export type { ClientOptions, PositionStorage, SocketLike } from './client.ts';
export { meaningOf, retryAfterMs, stopReasonOf } from './close_codes.ts';
export type { StopReason } from './close_codes.ts';
export { browserDevice } from './device.ts';
export type { KeyValueStorage } from './device.ts';
export { decodeFrame } from './frames.ts';
export type * from './messages.ts';
export { memoryStorage, Outbox } from './outbox.ts';
export type { OutboxStorage, Tap, TapState } from './outbox.ts';
export { Session } from './session.ts';
export type { ConnectionView, Effect, RequestOutcome, SessionEvents, SessionOptions, Statistics, Status } from './session_types.ts';
