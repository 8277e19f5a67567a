import type { Tap } from '@sightline/client';
import { expect, it } from 'vitest';

import { tapStorage } from '../src/live/storages.ts';

function fakeStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    key: (index) => [...kept.keys()][index] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => {
      kept.clear();
    },
  };
}

function tap(id: string): Tap {
  return { id, kind: 'ack', alertId: id, verdict: null, reason: null, state: 'queued', madeAtMs: 0, sentAtMs: null, refusal: null };
}

it('keeps taps over a reload, and for the tab that comes after a closed one, but not for another user', () => {
  const storage = fakeStorage();
  tapStorage(storage, 'rita.phone.tab1').save([tap('a')]);
  tapStorage(storage, 'olga.phone.tab9').save([tap('b')]);
  expect(tapStorage(storage, 'rita.phone.tab1').load().map(({ id }) => id)).toEqual(['a']);
  const next = tapStorage(storage, 'rita.phone.tab2');
  expect(next.load().map(({ id }) => id)).toEqual(['a']);
  expect(next.load().map(({ id }) => id)).toEqual(['a']);
  next.save([]);
  expect(storage.length).toBe(1);
  expect(tapStorage(storage, 'olga.phone.tab1').load().map(({ id }) => id)).toEqual(['b']);
});

it('takes what cannot be read for nothing', () => {
  const storage = fakeStorage();
  storage.setItem('sightline.taps.rita.phone.tab1', '{broken');
  expect(tapStorage(storage, 'rita.phone.tab1').load()).toEqual([]);
});
