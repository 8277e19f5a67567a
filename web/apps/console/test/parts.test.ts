import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { handlingOf } from '../src/alerts/handling.ts';
import { figuresOf, ruleSentence } from '../src/alerts/trace_fields.ts';
import type { Camera } from '../src/api/types.ts';
import { changesOf, draftOf, faultsOf, NO_CAMERA } from '../src/cameras/camera_draft.ts';
import { badgedIcon } from '../src/app/badge_icon.ts';
import { faultsOf as personFaults, NO_PERSON } from '../src/people/person_draft.ts';
import { safeNext } from '../src/session/next.ts';
import { may, postponed, SessionStore, signedInFrom } from '../src/session/session_store.ts';
import { keepSample } from '../src/system/samples.ts';
import { fileSize, shortSpan } from '../src/times/format.ts';
import { gridShape } from '../src/wall/grid_shape.ts';
import { boxLabel, identityOf } from '../src/wall/identity.ts';

const USER = { id: 'u', name: 'ada', role: 'operator' as const, rights: ['see_alerts' as const] };

describe('the session', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      kept,
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };
  const session = signedInFrom({ access_token: 't', expires_in: 100, user: USER }, 1_000);

  it('refreshes well before it ends, and a little later when that failed', () => {
    expect(session).toMatchObject({ refreshAtMs: 76_000, expiresAtMs: 101_000 });
    expect(postponed(session, 80_000)).toMatchObject({ refreshAtMs: 95_000, expiresAtMs: 101_000 });
  });

  it('survives a reload, but not its own end', () => {
    const disk = storage();
    new SessionStore(disk, 0).set(session);
    expect(new SessionStore(disk, 100_999).get()?.token).toBe('t');
    expect(new SessionStore(disk, 101_000).get()).toBeNull();
  });

  it('leaves nothing behind when it ends, and survives a torn entry', () => {
    const disk = storage();
    const store = new SessionStore(disk, 0);
    store.set(session);
    store.set(null);
    expect(disk.kept.size).toBe(0);
    disk.setItem('sightline.session', '{"tok');
    expect(new SessionStore(disk, 0).get()).toBeNull();
  });

  it('knows what its user may', () => {
    expect(may(session, 'see_alerts')).toBe(true);
    expect(may(session, 'manage_users')).toBe(false);
    expect(may(null, 'see_alerts')).toBe(false);
  });
});

it.each([
  ['/people?list=1', '/people?list=1'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  [null, '/'],
])('after signing in, %s leads to %s', (next, place) => {
  expect(safeNext(next)).toBe(place);
});

describe('handling', () => {
  const camera = { id: 'c', name: 'Door', latitude: null, longitude: null };
  const alert = { alert_id: 'a', offset: 1, type: 'watchlist_match', severity: 'critical' as const, camera, timestamp: 0 };

  it('an open alert may be taken and judged, by those who may handle alerts', () => {
    expect(handlingOf(alert, 'ada', true)).toEqual({ take: true, judge: true });
    expect(handlingOf(alert, 'ada', false)).toEqual({ take: false, judge: false });
  });

  it('only whoever took it may judge it later', () => {
    const taken = { ...alert, state: 'acknowledged' as const, by: 'ada' };
    expect(handlingOf(taken, 'ada', true)).toEqual({ take: false, judge: true });
    expect(handlingOf(taken, 'bob', true)).toEqual({ take: false, judge: false });
  });

  it('there is no verdict on a machine', () => {
    expect(handlingOf({ ...alert, type: 'camera_offline' }, 'ada', true)).toEqual({ take: true, judge: false });
  });
});

describe('the trace', () => {
  const camera = { id: 'c', name: 'Door', latitude: null, longitude: null };
  const base = { alert_id: 'a', offset: 1, type: 'watchlist_match', severity: 'critical' as const, camera, timestamp: 1_000 };

  it('says the rule as a sentence, and an unknown rule by its name', () => {
    const trace = { rule: 'watch_list', watch_list: 'Banned', unseen_ms: 5_000, realert_ms: 3_000 };
    expect(ruleSentence(trace)).toMatch(/“Banned”.*5 s.*3 s/);
    expect(ruleSentence({ rule: 'some_new_rule' })).toBe('some new rule');
    expect(ruleSentence({})).toBeNull();
  });

  it('shows the figures that were recorded and no others', () => {
    const why = { margin: 0.2061, timings: { received: 1_040, inference_ms: 8.25 } };
    expect(figuresOf({ ...base, why, created_at: 1_055 })).toEqual([
      ['Ahead of the next person by', '0.206'],
      ['Models took', '8.3 ms'],
      ['Frame to server', '40 ms'],
      ['Frame to alert', '55 ms'],
    ]);
    expect(figuresOf(base)).toEqual([]);
  });
});

describe('a camera', () => {
  const camera: Camera = {
    ...NO_CAMERA,
    id: 'c',
    name: 'Door',
    source: 'rtsp://***@host/',
    has_credentials: true,
    created_at: 0,
    status: { state: 'online', reason: '', since: 0, width: 0, height: 0, fps: 0, analysed_fps: 0 },
  };

  it('sends only what changed, so that hidden credentials stay where they are', () => {
    expect(changesOf(camera, { ...draftOf(camera), name: 'Gate' })).toEqual({ name: 'Gate' });
    expect(changesOf(camera, { ...draftOf(camera), latitude: 1, longitude: 2 })).toEqual({ latitude: 1, longitude: 2 });
  });

  it('needs a name, a source, and both coordinates or none', () => {
    expect(Object.keys(faultsOf(NO_CAMERA))).toEqual(['name', 'source']);
    const named = { ...NO_CAMERA, name: 'Door', source: 'demo:' };
    expect(faultsOf(named)).toEqual({});
    expect(faultsOf({ ...named, latitude: 0 })).toHaveProperty('latitude');
    expect(faultsOf({ ...named, latitude: 91, longitude: 0 })).toHaveProperty('latitude');
    expect(faultsOf({ ...named, latitude: 0, longitude: 0 })).toEqual({});
  });
});

it('a person needs a first name and a possible age', () => {
  expect(Object.keys(personFaults(NO_PERSON))).toEqual(['first_name']);
  expect(personFaults({ ...NO_PERSON, first_name: 'Ada', age: 131 })).toHaveProperty('age');
  expect(personFaults({ ...NO_PERSON, first_name: 'Ada', age: 0 })).toEqual({});
});

describe('the wall', () => {
  it('makes pictures as large as fit, for any number and any screen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 200, max: 4_000 }), fc.integer({ min: 200, max: 3_000 }), (n, w, h) => {
        const { columns, tileWidth } = gridShape(n, w, h, 0);
        const rows = Math.ceil(n / columns);
        expect(columns * tileWidth).toBeLessThanOrEqual(w);
        expect(rows * tileWidth * (9 / 16)).toBeLessThanOrEqual(h);
        // No other number of columns would give larger pictures.
        for (let other = 1; other <= n; other += 1) {
          const possible = Math.floor(Math.min(w / other, ((h / Math.ceil(n / other)) * 16) / 9));
          expect(possible).toBeLessThanOrEqual(tileWidth);
        }
      }),
    );
  });

  it('says who is seen by sign and word, not by colour alone', () => {
    expect(boxLabel({ is_known: true, name: 'Ada Byron', similarity: 0.812 })).toBe('✓ Ada Byron 0.81');
    expect(boxLabel({ is_known: false })).toBe('? Unknown');
    expect(boxLabel({ is_known: false, identity: 'pending' })).toBe('… Looking…');
    expect(identityOf({ is_known: false })).toBe('unknown');
  });
});

describe('figures', () => {
  it.each([
    [0, 'now'],
    [42_000, '42 s'],
    [60_000, '1 min'],
    [3 * 3_600_000 + 5 * 60_000, '3 h 05'],
    [50 * 3_600_000, '2 d'],
  ])('%i ms are %s', (ms, words) => {
    expect(shortSpan(ms)).toBe(words);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [83_400_000_000, '83.4 GB'],
  ])('%i bytes are %s', (bytes, words) => {
    expect(fileSize(bytes)).toBe(words);
  });

  it('the badge shows a count, but no long number', () => {
    expect(badgedIcon(0)).toBe('/icon.svg');
    expect(decodeURIComponent(badgedIcon(3))).toContain('>3<');
    expect(decodeURIComponent(badgedIcon(120))).toContain('>9+<');
  });

  it('samples of the system are bounded', () => {
    const system = { event_loop: { p50_ms: 1, p99_ms: 2 }, engine: { load: 0.5 } } as Parameters<typeof keepSample>[1];
    let samples: ReturnType<typeof keepSample> = [];
    for (let i = 0; i < 400; i += 1) samples = keepSample(samples, system, i);
    expect(samples).toHaveLength(300);
    expect(samples.at(-1)).toEqual({ atMs: 399, p50Ms: 1, p99Ms: 2, load: 50 });
  });
});
