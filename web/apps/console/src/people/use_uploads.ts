import { useQueryClient } from '@tanstack/react-query';
import { useReducer } from 'react';

import { ApiError, upload } from '../api/http.ts';
import type { ReferenceResult } from '../api/types.ts';
import { text } from '../text/everywhere.ts';
import { outdatePeople, personUrl } from './queries.ts';

export interface Upload {
  id: number;
  file: File;
  state: 'sending' | 'checking' | 'accepted' | 'refused' | 'failed';
  /** In [0, 1]. */
  progress: number;
  /** Why not, and what a better photo is; in words. */
  reasons: string[];
  quality: number | null;
}

type Action = { kind: 'add'; uploads: Upload[] } | { kind: 'change'; id: number; change: Partial<Upload> } | { kind: 'clear' };

function reduce(uploads: readonly Upload[], action: Action): readonly Upload[] {
  switch (action.kind) {
    case 'add':
      return [...action.uploads, ...uploads];
    case 'change':
      return uploads.map((one) => (one.id === action.id ? { ...one, ...action.change } : one));
    case 'clear':
      return uploads.filter((one) => one.state === 'sending' || one.state === 'checking');
  }
}

let nextId = 0;

/** Enrols photos one after another, each with its own progress and its own answer. */
export function useUploads(personId: string): { uploads: readonly Upload[]; add: (files: File[]) => void; clear: () => void } {
  const [uploads, dispatch] = useReducer(reduce, []);
  const queries = useQueryClient();

  const send = async ({ id, file }: Upload): Promise<void> => {
    const change = (values: Partial<Upload>): void => {
      dispatch({ kind: 'change', id, change: values });
    };
    try {
      const { results } = await upload<{ results: ReferenceResult[] }>(`${personUrl(personId)}/references`, 'files', file, (share) => {
        change({ progress: share, state: share < 1 ? 'sending' : 'checking' });
      });
      const result = results[0];
      if (result?.accepted === true) change({ state: 'accepted', quality: result.quality });
      else change({ state: 'refused', reasons: result?.reasons ?? [] });
    } catch (error) {
      const refused = error instanceof ApiError && error.status > 0 && error.status < 500;
      change({ state: refused ? 'refused' : 'failed', reasons: [error instanceof Error ? error.message : text.errors.unreachable] });
    }
  };

  const add = (files: File[]): void => {
    const added = files.map((file): Upload => {
      nextId += 1;
      return { id: nextId, file, state: 'sending', progress: 0, reasons: [], quality: null };
    });
    dispatch({ kind: 'add', uploads: added });
    void (async () => {
      for (const one of added) await send(one);
      await outdatePeople(queries);
    })();
  };
  return {
    uploads,
    add,
    clear: () => {
      dispatch({ kind: 'clear' });
    },
  };
}
