import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Effect } from '../src/session_types.ts';
import { Harness } from './session_harness.ts';

const step = fc.oneof(
  fc.constant({ do: 'connect' as const }),
  fc.constant({ do: 'disconnect' as const }),
  fc.constant({ do: 'opened' as const }),
  fc.constant({ do: 'identify' as const }),
  fc.constant({ do: 'signedOut' as const }),
  fc.constant({ do: 'tokenUnavailable' as const }),
  fc.constant({ do: 'network' as const }),
  fc.record({ do: fc.constant('closed' as const), code: fc.constantFrom(1006, 4000, 4001, 4004, 4500, 4502, 4700) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 70_000 }) }),
  fc.record({ do: fc.constant('tap' as const), alert: fc.constantFrom('a', 'b', 'c') }),
  fc.record({
    do: fc.constant('receive' as const),
    type: fc.constantFrom(
      'connection_established', 'identification_success', 'heartbeat', 'heartbeat_ack', 'alert_triggered', 'position',
      'caught_up', 'alert_snapshot', 'recorded', 'error', 'alert_updated', 'nonsense',
    ),
    data: fc.record({
      alert_id: fc.constantFrom('a', 'b', 'c'),
      alerts: fc.constant([]),
      offset: fc.nat(50),
      from: fc.nat(50),
      to: fc.nat(50),
      epoch: fc.constantFrom('e1', 'e2'),
      mode: fc.constantFrom('live', 'resumed', 'gap'),
      heartbeat_interval: fc.constantFrom(30, 30_000, -1, 0),
    }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function take(h: Harness, one: Step): void {
  if (one.do === 'connect') h.connect();
  else if (one.do === 'disconnect') h.session.disconnect();
  else if (one.do === 'opened') h.session.opened(h.nowMs);
  else if (one.do === 'identify') h.session.identify('t', h.nowMs);
  else if (one.do === 'signedOut') h.session.signedOut();
  else if (one.do === 'tokenUnavailable') h.session.tokenUnavailable('away', h.nowMs);
  else if (one.do === 'network') h.session.networkChanged(h.nowMs);
  else if (one.do === 'closed') h.session.closed(one.code, '', h.nowMs);
  else if (one.do === 'pass') h.pass(one.ms);
  else if (one.do === 'tap') h.session.tap('ack', one.alert, null, null, h.nowMs);
  else h.receive(one.type, one.data);
}

/** Follows the effects as a driver would and notices what none may see. */
class Witness {
  open = false;
  identified = false;

  follow(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'open') {
        expect(this.open, 'a second socket').toBe(false);
        this.open = true;
        this.identified = false;
      } else if (effect.kind === 'close') this.open = false;
      else if (effect.kind === 'send') {
        expect(this.open, `${effect.message.type} without a socket`).toBe(true);
        if (effect.message.type === 'client_identify') this.identified = true;
        else expect(['heartbeat_ack'].includes(effect.message.type) || this.identified, effect.message.type).toBe(true);
      }
    }
  }
}

it('holds its promises in every order of events', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const h = new Harness();
      const witness = new Witness();
      const shown = new Set<string>();
      let finished = 0;
      let made = 0;
      for (const one of steps) {
        // A driver whose socket closed has none; one that asked for a close never hears of it.
        if (one.do === 'closed' && witness.open) witness.open = false;
        else if (one.do === 'closed') continue;
        const before = h.session.taps.length;
        take(h, one);
        if (one.do === 'tap') made += 1;
        const effects = h.collect();
        witness.follow(effects);
        for (const effect of effects) {
          if (effect.kind !== 'event') continue;
          if (effect.event.name === 'alert') {
            expect(shown.has(effect.event.value.alert.alert_id), 'an alert shown twice').toBe(false);
            shown.add(effect.event.value.alert.alert_id);
          }
          if (effect.event.name === 'tap' && ['recorded', 'refused'].includes(effect.event.value.state)) finished += 1;
        }
        if (one.do !== 'tap' && one.do !== 'receive') expect(h.session.taps.length, 'a tap was lost').toBe(before);
        const { status, stopped, retryAtMs } = h.session.view;
        if (status !== 'disconnected') expect(witness.open).toBe(true);
        if (stopped !== null) expect(h.session.nextTickAtMs()).toBeNull();
        if (retryAtMs !== null) expect(status).toBe('disconnected');
      }
      expect(finished).toBeLessThanOrEqual(made);
    }),
    { numRuns: 1_500 },
  );
});
