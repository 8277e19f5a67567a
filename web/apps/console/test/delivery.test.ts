import type { Alert } from '@sightline/client';
import { describe, expect, it } from 'vitest';

import { entriesOf } from '../src/alerts/delivery_entries.ts';
import type { Channel, EscalationStep } from '../src/api/types.ts';
import { changeOf, draftOf, faultsOf, NEW_CHANNEL, newSecret } from '../src/channels/channel_draft.ts';
import { draftOf as rosterDraftOf, faultsOf as rosterFaultsOf, isFaultless, NEW_SHIFT, rosterOf } from '../src/duty/roster_draft.ts';
import { bearingDeg, distanceM, distanceWords, octant } from '../src/guard/geo.ts';
import { isWorthTelling } from '../src/guard/sending.ts';
import { quietNow } from '../src/quiet/quiet_now.ts';

const alert: Alert = {
  alert_id: 'a1', offset: 1, type: 'watchlist_match', severity: 'critical', timestamp: 1_000, created_at: 1_100, state: 'open',
  camera: { id: 'c1', name: 'Gate', latitude: 52, longitude: 13 },
};

function step(changed: Partial<EscalationStep>): EscalationStep {
  return {
    level: 0, user_id: 'u1', name: 'rita', reason: 'nearest', outside: false, distance_m: 340, told_at: 1_200, outcome: null,
    ended_at: null, ...changed,
  };
}

describe('the story of a delivery', () => {
  it('says that an alert without steps was told to everybody', () => {
    const [raised, ...more] = entriesOf(alert, { steps: [], declines: [] });
    expect(raised).toMatchObject({ mark: 'raised', at: 1_100, detail: expect.stringContaining('Everybody') as string });
    expect(more).toEqual([]);
  });

  it('tells who was asked, who could not, and that somebody is waited for', () => {
    const steps = [
      step({ outcome: 'declined', ended_at: 1_300 }),
      step({ level: 1, user_id: 'u2', name: 'tom', told_at: 1_300, outcome: 'not_received', ended_at: 6_300 }),
      step({ level: 2, user_id: null, name: null, reason: 'nobody_left', outside: true, distance_m: null, told_at: 6_300 }),
    ];
    const declines = [{ user_id: 'u1', name: 'rita', at: 1_290, reason: 'Too far away' }];
    const story = entriesOf(alert, { steps, declines });
    expect(story.map(({ mark, title }) => `${mark}: ${title}`)).toEqual([
      'raised: Raised',
      'person: rita',
      'declined: rita cannot',
      'person: tom',
      'not_received: Did not arrive on the phone in time',
      'outside: Everybody and the outside channels',
      'waiting: Waiting for an answer',
    ]);
    expect(story[1]?.detail).toBe('nearest on duty, 340 m from the camera');
    expect(story[2]?.detail).toBe('Too far away');
  });

  it('ends with who has taken it', () => {
    const taken: Alert = { ...alert, state: 'acknowledged', by: 'tom', at: 9_000, verdict: 'confirmed' };
    const story = entriesOf(taken, { steps: [step({ outcome: 'ended', ended_at: 9_000 })], declines: [] });
    expect(story.at(-1)).toEqual({ mark: 'taken', title: 'Taken by tom', detail: 'Confirmed', at: 9_000 });
  });
});

describe('where things are', () => {
  const gate = { latitude: 52.5163, longitude: 13.3777 };

  it('gives distance and direction', () => {
    const north = { latitude: 52.5253, longitude: 13.3777 };
    expect(distanceM(gate, north)).toBeCloseTo(1_000.75, 0);
    expect(bearingDeg(gate, north)).toBeCloseTo(0, 5);
    expect(octant(bearingDeg(gate, { latitude: 52.5163, longitude: 13.3 }))).toBe(6);
    expect(octant(359)).toBe(0);
  });

  it('crosses the line where dates change', () => {
    expect(distanceM({ latitude: 0, longitude: 179.999 }, { latitude: 0, longitude: -179.999 })).toBeCloseTo(222.4, 0);
    expect(octant(bearingDeg({ latitude: 0, longitude: 179.999 }, { latitude: 0, longitude: -179.999 }))).toBe(2);
  });

  it('says distances as people do', () => {
    expect([3, 42, 344, 996, 1_249, 9_949, 14_400].map(distanceWords)).toEqual(['5 m', '40 m', '340 m', '1.0 km', '1.2 km', '9.9 km', '14 km']);
  });

  it('is told when it is new, when one moved, and while it would be forgotten', () => {
    const fix = { ...gate, accuracyM: 10, atMs: 0 };
    const moved = { ...fix, latitude: fix.latitude + 0.001 };
    expect(isWorthTelling(fix, null, 0)).toBe(true);
    expect(isWorthTelling(fix, { fix, toldAtMs: 0 }, 20_000)).toBe(false);
    expect(isWorthTelling(moved, { fix, toldAtMs: 0 }, 20_000)).toBe(true);
    expect(isWorthTelling(moved, { fix, toldAtMs: 0 }, 2_000)).toBe(false);
    expect(isWorthTelling(fix, { fix, toldAtMs: 0 }, 45_000)).toBe(true);
  });
});

describe('a roster as a person writes it', () => {
  const roster = {
    timezone: 'Europe/Berlin',
    shifts: [0, 1, 4].map((weekday) => ({ weekday, start_minute: 1_320, end_minute: 360 })),
    exceptions: [{ from_ms: 1_798_066_800_000, until_ms: 1_798_671_600_000, on: false, reason: 'leave' }],
    latitude: 52.5,
    longitude: 13.4,
  };

  it('comes back as it was', () => {
    const draft = rosterDraftOf(roster);
    expect(draft.shifts).toEqual([{ days: [0, 1, 4], start: '22:00', end: '06:00' }]);
    expect(rosterOf(draft)).toEqual(roster);
    expect(isFaultless(rosterFaultsOf(draft))).toBe(true);
  });

  it('is refused where it says nothing, or the impossible', () => {
    const draft = { ...rosterDraftOf(null), latitude: 91, longitude: 0, shifts: [{ ...NEW_SHIFT, days: [] }, { ...NEW_SHIFT, end: '' }] };
    const exceptions = [{ from: '2026-08-03T10:00', until: '2026-08-03T10:00', on: true, reason: '' }];
    const faults = rosterFaultsOf({ ...draft, exceptions });
    expect(Object.keys(faults.shifts)).toEqual(['0', '1']);
    expect(Object.keys(faults.exceptions)).toEqual(['0']);
    expect(faults.post).toBeDefined();
  });
});

describe('a channel as a person writes it', () => {
  const channel: Channel = {
    id: 'x', name: 'Guards', kind: 'webhook', address: 'https://hooks.example.org/…', events: ['alert_updated'], min_severity: 'error',
    enabled: true, created_at: 0, waiting: 0, waiting_since: null, given_up: 0, problem: '',
  };

  it('names what is missing', () => {
    expect(Object.keys(faultsOf({ ...NEW_CHANNEL, events: [] }, true))).toEqual(['name', 'address', 'events']);
    expect(faultsOf(draftOf(channel), false)).toEqual({});
  });

  it('gives another address of a webhook a secret of its own, and no other a secret', () => {
    const secret = (): string => 'new';
    expect(changeOf(draftOf(channel), secret)).toEqual({ name: 'Guards', events: ['alert_updated'], min_severity: 'error' });
    expect(changeOf({ ...draftOf(channel), address: ' https://b.example/ ' }, secret)).toMatchObject({ address: 'https://b.example/', secret: 'new' });
    expect(changeOf({ ...draftOf(channel), kind: 'apprise', address: 'ntfys://n' }, secret)).not.toHaveProperty('secret');
    expect(newSecret()).toMatch(/^whsec_[\w-]{43}$/);
  });
});

it('finds what keeps a camera quiet now', () => {
  const period = { id: '1', kind: 'snooze' as const, camera_id: 'c1', alert_type: null, from_ms: 0, until_ms: 10, reason: '', by: 'u', by_name: null, created_at: 0 };
  const all = { ...period, id: '2', kind: 'maintenance' as const, camera_id: null, until_ms: 20 };
  const later = { ...period, id: '3', from_ms: 50, until_ms: 60 };
  expect(quietNow([period, all, later], 'c1', 5).map(({ id }) => id)).toEqual(['2', '1']);
  expect(quietNow([period, all, later], 'c2', 15).map(({ id }) => id)).toEqual(['2']);
  expect(quietNow([period, all, later], 'c1', 20)).toEqual([]);
});
