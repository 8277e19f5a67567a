import type { Alert, Tap } from '@sightline/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LiveAction, LiveState } from '../src/live/live_state.ts';
import {
  camerasWithOpenAlert, inboxOf, LINGER_MS, nextAfter, NOTHING_YET, openCount, reduce, takenOf,
} from '../src/live/live_state.ts';

const NOW_MS = 1_000_000;

function alert(id: string, values: Partial<Alert> = {}): Alert {
  const camera = { id: 'c1', name: 'Door', latitude: null, longitude: null };
  return { alert_id: id, offset: 1, type: 'watchlist_match', severity: 'critical', camera, timestamp: 1_000, ...values };
}

function after(...actions: LiveAction[]): LiveState {
  return actions.reduce(reduce, NOTHING_YET);
}

const arrived = (id: string, values: Partial<Alert> = {}, nowMs = NOW_MS): LiveAction => ({ kind: 'alert', alert: alert(id, values), nowMs });
const ids = (alerts: readonly { alert_id: string }[]): string[] => alerts.map((one) => one.alert_id);
const acknowledged = (id: string, by = 'ada', nowMs = NOW_MS): LiveAction => ({
  kind: 'updated',
  update: { alert_id: id, offset: 9, state: 'acknowledged', by, at: nowMs },
  nowMs,
});

describe('the inbox', () => {
  it('puts the most severe on top, then the escalated, then the newest', () => {
    const state = after(
      arrived('old', { timestamp: 1 }),
      arrived('new', { timestamp: 2 }),
      arrived('escalated', { timestamp: 0, escalation_level: 1 }),
      arrived('warning', { severity: 'warning', timestamp: 99 }),
    );
    expect(ids(inboxOf(state, NOW_MS))).toEqual(['escalated', 'new', 'old', 'warning']);
  });

  it('keeps what was just taken in its place for a moment, then moves it to those taken', () => {
    const state = after(arrived('a'), arrived('b', { timestamp: 2_000 }), acknowledged('b'));
    expect(ids(inboxOf(state, NOW_MS + LINGER_MS - 1))).toEqual(['b', 'a']);
    expect(ids(inboxOf(state, NOW_MS + LINGER_MS))).toEqual(['a']);
    expect(takenOf(state, NOW_MS + LINGER_MS)).toMatchObject([{ alert_id: 'b', by: 'ada' }]);
    expect(openCount(state)).toBe(1);
  });

  it('does not show what was taken long ago as taken just now', () => {
    const state = after(arrived('a', { state: 'acknowledged', by: 'ada' }));
    expect(inboxOf(state, NOW_MS)).toEqual([]);
    expect(ids(takenOf(state, NOW_MS))).toEqual(['a']);
  });

  it('outlines the cameras of open alerts only', () => {
    const elsewhere = { id: 'c2', name: 'Gate', latitude: null, longitude: null };
    const state = after(arrived('a'), arrived('b', { camera: elsewhere }), acknowledged('b'));
    expect([...camerasWithOpenAlert(state)]).toEqual(['c1']);
  });
});

describe('news', () => {
  it('that arrive late do not reopen an alert', () => {
    const state = after(arrived('a'), acknowledged('a'), {
      kind: 'updated',
      update: { alert_id: 'a', offset: 3, state: 'open', escalation_level: 1 },
      nowMs: NOW_MS,
    });
    expect(state.alerts['a']).toMatchObject({ state: 'acknowledged', by: 'ada' });
    expect(reduce(state, arrived('a')).alerts['a']?.state).toBe('acknowledged');
  });

  it('keep a verdict that a later message does not repeat', () => {
    const recorded = { alert_id: 'a', state: 'acknowledged' as const, by: 'me', at: 5, verdict: 'confirmed' as const };
    const state = after(arrived('a'), { kind: 'recorded', recorded, nowMs: NOW_MS }, acknowledged('a', 'me'));
    expect(state.alerts['a']?.verdict).toBe('confirmed');
  });

  it('of all open alerts drop those that are gone, but not one that arrived meanwhile', () => {
    const state = after(arrived('gone', {}, NOW_MS - 100), arrived('meanwhile', {}, NOW_MS + 1), {
      kind: 'open_alerts',
      alerts: [alert('listed')],
      askedAtMs: NOW_MS,
      nowMs: NOW_MS + 2,
    });
    expect(Object.keys(state.alerts).sort()).toEqual(['listed', 'meanwhile']);
    expect(state.loaded).toBe(true);
  });
});

describe('taps', () => {
  const tap = (id: string, state: Tap['state']): Tap => ({
    id, kind: 'ack', alertId: 'a', verdict: null, reason: null, state, madeAtMs: 0, sentAtMs: null, refusal: null,
  });

  it('are shown until recorded; the answer to an older one does not hide a newer', () => {
    const both = after({ kind: 'tap', tap: tap('1', 'sent') }, { kind: 'tap', tap: tap('2', 'queued') });
    expect(reduce(both, { kind: 'tap', tap: tap('1', 'recorded') }).taps['a']?.id).toBe('2');
    expect(reduce(both, { kind: 'tap', tap: tap('2', 'recorded') }).taps).toEqual({});
  });

  it('decide what is looked at next: the next alert that nobody deals with, else the one before', () => {
    const state = after(arrived('a', { timestamp: 3 }), arrived('b', { timestamp: 2 }), arrived('c', { timestamp: 1 }));
    const inbox = inboxOf(state, NOW_MS);
    expect(nextAfter(inbox, 'a', {})).toBe('b');
    expect(nextAfter(inbox, 'a', { b: tap('1', 'sent') })).toBe('c');
    expect(nextAfter(inbox, 'c', {})).toBe('b');
    expect(nextAfter(inbox.slice(0, 1), 'a', {})).toBeNull();
  });
});

it('stays bounded and never moves an alert backwards, whatever comes', () => {
  const rank = { open: 0, acknowledged: 1, closed: 2, expired: 2 };
  const id = fc.integer({ min: 0, max: 300 }).map(String);
  const states = fc.constantFrom('open', 'acknowledged', 'closed', 'expired');
  const step: fc.Arbitrary<LiveAction> = fc.oneof(
    fc.record({ kind: fc.constant('alert' as const), alert: fc.tuple(id, states).map(([one, state]) => alert(one, { state })), nowMs: fc.nat() }),
    fc.record({
      kind: fc.constant('updated' as const),
      update: fc.record({ alert_id: id, offset: fc.nat(), state: states }),
      nowMs: fc.nat(),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, minLength: 1 }), (steps) => {
      let state = NOTHING_YET;
      for (const one of steps) {
        const next = reduce(state, one);
        for (const [key, known] of Object.entries(state.alerts)) {
          const later = next.alerts[key];
          if (later !== undefined) expect(rank[later.state]).toBeGreaterThanOrEqual(rank[known.state]);
          else expect(known.state).not.toBe('open');
        }
        state = next;
      }
      expect(Object.values(state.alerts).filter((one) => one.state !== 'open').length).toBeLessThanOrEqual(100);
    }),
    { numRuns: 60 },
  );
});

describe('who is asked', () => {
  const asks = (responder: unknown, level: number): LiveAction =>
    ({ kind: 'updated', update: { alert_id: 'a', offset: level + 2, state: 'open', escalation_level: level, responder }, nowMs: NOW_MS }) as LiveAction;

  it('is known from each step, and kept when the alert itself comes again', () => {
    const rita = { id: 'u1', name: 'rita' };
    const state = after(arrived('a'), asks(rita, 0));
    expect(state.alerts['a']?.responder).toEqual(rita);
    expect(reduce(state, arrived('a')).alerts['a']?.responder).toEqual(rita);
    expect(reduce(state, acknowledged('a')).alerts['a']?.responder).toEqual(rita);
    expect(reduce(state, asks(null, 1)).alerts['a']).toMatchObject({ responder: null, escalation_level: 1 });
  });
});

describe('what this user declined', () => {
  const tap = (kind: Tap['kind'], state: Tap['state'], id = 't1'): LiveAction => ({
    kind: 'tap',
    tap: { id, kind, alertId: 'a', verdict: null, reason: null, state, madeAtMs: 0, sentAtMs: null, refusal: null },
  });

  it('counts once the server has it, and not after it was taken after all', () => {
    const sent = after(arrived('a'), tap('decline', 'queued'), tap('decline', 'sent'));
    expect(sent.declined).toEqual([]);
    const recorded = reduce(sent, tap('decline', 'recorded'));
    expect(recorded.declined).toEqual(['a']);
    expect(recorded.taps).toEqual({});
    expect(reduce(recorded, tap('decline', 'recorded', 't2')).declined).toEqual(['a']);
    expect(reduce(recorded, tap('ack', 'recorded', 't3')).declined).toEqual([]);
  });
});
