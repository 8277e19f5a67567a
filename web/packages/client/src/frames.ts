import type { Frame } from './messages.ts';

const LENGTH_BYTES = 4;
const LONGEST_HEADER_BYTES = 65_536;

/**
 * Reads a binary message: 4-byte big-endian length of a JSON header, the header, the JPEG bytes.
 *
 * Returns `null` for anything else: frames are disposable, so a broken one is dropped rather than reported.
 */
export function decodeFrame(message: ArrayBuffer): Frame | null {
  if (message.byteLength < LENGTH_BYTES) return null;
  const length = new DataView(message).getUint32(0);
  if (length > LONGEST_HEADER_BYTES || LENGTH_BYTES + length > message.byteLength) return null;
  const header = parse(new TextDecoder().decode(new Uint8Array(message, LENGTH_BYTES, length)));
  if (header === null || typeof header['camera_id'] !== 'string') return null;
  const numbers = [header['frame_id'], header['timestamp'], header['width'], header['height']];
  if (!numbers.every((value) => typeof value === 'number')) return null;
  const [frame_id, timestamp, width, height] = numbers as [number, number, number, number];
  const jpeg = new Uint8Array(message, LENGTH_BYTES + length);
  return { camera_id: header['camera_id'], frame_id, timestamp, width, height, jpeg };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
