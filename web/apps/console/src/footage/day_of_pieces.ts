/** A day's recordings as somebody sees them: spans without a gap, and which piece shows a time. Pure. */
import type { FootagePiece } from '../api/footage_types.ts';

export interface Span {
  fromMs: number;
  toMs: number;
}

/** What lies closer together than this is one span: pieces are cut at keyframes. */
const GAP_MS = 2_000;

export function endOf(piece: FootagePiece): number {
  return piece.starts_at + piece.duration_ms;
}

export function spansOf(pieces: readonly FootagePiece[]): Span[] {
  const spans: Span[] = [];
  for (const piece of pieces) {
    const last = spans.at(-1);
    if (last !== undefined && piece.starts_at - last.toMs <= GAP_MS) last.toMs = Math.max(last.toMs, endOf(piece));
    else spans.push({ fromMs: piece.starts_at, toMs: endOf(piece) });
  }
  return spans;
}

/** The piece that shows this time, else the next one, and where in it. */
export function pieceAt(pieces: readonly FootagePiece[], atMs: number): { piece: FootagePiece; offsetS: number } | null {
  const piece = pieces.find((one) => endOf(one) > atMs);
  return piece === undefined ? null : { piece, offsetS: Math.max(0, atMs - piece.starts_at) / 1000 };
}

export function pieceAfter(pieces: readonly FootagePiece[], piece: FootagePiece): FootagePiece | null {
  return pieces.find((one) => one.starts_at > piece.starts_at) ?? null;
}
