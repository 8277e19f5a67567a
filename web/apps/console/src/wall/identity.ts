import type { Face } from '@sightline/client';

import { text } from '../text/everywhere.ts';
import { wallText } from '../text/wall.ts';

export type Identity = 'known' | 'unknown' | 'pending';

/** What is known of a face. A server that does not tell `pending` from `unknown` is taken at its word. */
export function identityOf(face: Pick<Face, 'identity' | 'is_known'>): Identity {
  return face.identity ?? (face.is_known ? 'known' : 'unknown');
}

/** Below this a face looks more like a picture of one. */
const LOOKS_REAL = 0.5;

/** What an object is called; one that this console does not know keeps the model's own name. */
export function objectName(label: string): string {
  return text.things[label as keyof typeof text.things] ?? label;
}

/** What stands over a box: a sign and words, so that nothing depends on the colour. */
export function boxLabel(face: Pick<Face, 'identity' | 'is_known' | 'name' | 'similarity' | 'live'>): string {
  const identity = identityOf(face);
  if (typeof face.live === 'number' && face.live < LOOKS_REAL) return `⚠ ${wallText.fake}`;
  if (identity === 'pending') return `… ${wallText.pending}`;
  if (identity === 'unknown') return `? ${wallText.unknown}`;
  const score = typeof face.similarity === 'number' ? ` ${face.similarity.toFixed(2)}` : '';
  return `✓ ${face.name ?? ''}${score}`;
}
