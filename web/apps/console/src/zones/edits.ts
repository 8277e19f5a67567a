import type { ViewDraft } from './view_draft.ts';

/** A draft with what it was before, to undo. */
export interface Edits {
  draft: ViewDraft;
  past: readonly ViewDraft[];
  future: readonly ViewDraft[];
  /** What the last change was a part of. */
  tag: string | null;
}

/** Changes with the same `tag`, one after the other, are undone together: all moves of a drag, all letters of a name. */
export type Edit =
  | { kind: 'change'; draft: ViewDraft; tag: string | null }
  | { kind: 'undo' }
  | { kind: 'redo' }
  | { kind: 'reset'; draft: ViewDraft };

const KEPT_CHANGES = 100;

export function beginning(draft: ViewDraft): Edits {
  return { draft, past: [], future: [], tag: null };
}

export function edited(edits: Edits, edit: Edit): Edits {
  const { draft, past, future } = edits;
  switch (edit.kind) {
    case 'change': {
      const joins = edit.tag !== null && edit.tag === edits.tag;
      return { draft: edit.draft, past: joins ? past : [...past, draft].slice(-KEPT_CHANGES), future: [], tag: edit.tag };
    }
    case 'undo': {
      const before = past.at(-1);
      return before === undefined ? edits : { draft: before, past: past.slice(0, -1), future: [draft, ...future], tag: null };
    }
    case 'redo': {
      const [after, ...rest] = future;
      return after === undefined ? edits : { draft: after, past: [...past, draft], future: rest, tag: null };
    }
    case 'reset':
      return beginning(edit.draft);
  }
}
