import { describe, expect, it } from 'vitest';

import type { FootagePiece } from '../src/api/footage_types.ts';
import { pieceAfter, pieceAt, spansOf } from '../src/footage/day_of_pieces.ts';

function piece(startsAt: number, durationMs = 30_000): FootagePiece {
  return { starts_at: startsAt, duration_ms: durationMs, size_bytes: 1, media_type: 'video/mp4', url: String(startsAt) };
}

const PIECES = [piece(0), piece(30_100), piece(100_000)];

describe('a day of recordings', () => {
  it('is spans of what follows without a gap', () => {
    expect(spansOf(PIECES)).toEqual([{ fromMs: 0, toMs: 60_100 }, { fromMs: 100_000, toMs: 130_000 }]);
    expect(spansOf([])).toEqual([]);
  });

  it('is played from any time in it, and from the next recording where there was none', () => {
    expect(pieceAt(PIECES, 40_100)).toEqual({ piece: PIECES[1], offsetS: 10 });
    expect(pieceAt(PIECES, 80_000)).toEqual({ piece: PIECES[2], offsetS: 0 });
    expect(pieceAt(PIECES, 130_000)).toBeNull();
  });

  it('goes on piece by piece', () => {
    expect(PIECES.map((one) => pieceAfter(PIECES, one)?.starts_at ?? null)).toEqual([30_100, 100_000, null]);
  });
});
