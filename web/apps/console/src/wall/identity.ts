import type { Face } from '@sightline/client';

import { text } from '../text.ts';

export type Identity = 'known' | 'unknown' | 'pending';

/** What is known of a face. A server that does not tell `pending` from `unknown` is taken at its word. */
export function identityOf(face: Pick<Face, 'identity' | 'is_known'>): Identity {
  return face.identity ?? (face.is_known ? 'known' : 'unknown');
}

/** What stands over a box: a sign and words, so that nothing depends on the colour. */
export function boxLabel(face: Pick<Face, 'identity' | 'is_known' | 'name' | 'similarity'>): string {
  const identity = identityOf(face);
  if (identity === 'pending') return `… ${text.wall.pending}`;
  if (identity === 'unknown') return `? ${text.wall.unknown}`;
  const score = typeof face.similarity === 'number' ? ` ${face.similarity.toFixed(2)}` : '';
  return `✓ ${face.name ?? ''}${score}`;
}
