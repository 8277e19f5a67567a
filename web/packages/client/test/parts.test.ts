import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { retryDelayMs } from '../src/backoff.ts';
import { retryAfterMs, stopReasonOf } from '../src/close_codes.ts';
import { browserDevice } from '../src/device.ts';
import { Emitter } from '../src/emitter.ts';
import { decodeFrame } from '../src/frames.ts';
import { Outbox } from '../src/outbox.ts';
import { Subscriptions } from '../src/subscriptions.ts';

describe('delays', () => {
  it('stay within half and one and a half of the series, at most 30 s ± 50 %', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
        const exact = retryDelayMs(attempt, 0.5, 0);
        const spread = retryDelayMs(attempt, random);
        expect(exact).toBeLessThanOrEqual(30_000);
        expect(spread).toBeGreaterThanOrEqual(Math.floor(exact * 0.5));
        expect(spread).toBeLessThanOrEqual(Math.ceil(exact * 1.5));
      }),
    );
  });
});

describe('close codes', () => {
  it('only 4500–4999 stop', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 4999 }), (code) => {
        expect(stopReasonOf(code) !== null).toBe(code >= 4500);
      }),
    );
  });

  it.each([
    ['retry_after_s=3', 3_000],
    ['{"retry_after_s": 2.5}', 2_500],
    ['restarting; retry_after_s: 12', 12_000],
    ['restarting', null],
  ])('reads %s', (reason, ms) => {
    expect(retryAfterMs(reason)).toBe(ms);
  });
});

function message(header: string, jpeg: Uint8Array, length = header.length): ArrayBuffer {
  const bytes = new Uint8Array(4 + header.length + jpeg.length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(new TextEncoder().encode(header), 4);
  bytes.set(jpeg, 4 + header.length);
  return bytes.buffer;
}

describe('frames', () => {
  const header = { camera_id: 'c', frame_id: 5, timestamp: 9, width: 640, height: 360 };

  it('are read whole', () => {
    const frame = decodeFrame(message(JSON.stringify(header), new Uint8Array([1, 2, 3])));
    expect(frame).toEqual({ ...header, jpeg: new Uint8Array([1, 2, 3]) });
  });

  it('that are anything else are dropped, never thrown', () => {
    expect(decodeFrame(message(JSON.stringify({ ...header, width: '640' }), new Uint8Array()))).toBeNull();
    expect(decodeFrame(message(JSON.stringify(header), new Uint8Array(), 4_000_000_000))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeFrame(bytes.slice().buffer)).toBeNull();
      }),
    );
  });
});

describe('outbox', () => {
  const tap = (id: string, alertId: string) => ({ id, kind: 'ack' as const, alertId, verdict: null, reason: null });

  it('a later tap replaces one that has not left', () => {
    const outbox = new Outbox();
    outbox.add(tap('1', 'a'), 0);
    outbox.add({ ...tap('2', 'a'), verdict: 'rejected' }, 1);
    expect(outbox.taps.map((one) => one.id)).toEqual(['2']);
  });

  it('but follows one that has', () => {
    const outbox = new Outbox();
    outbox.add(tap('1', 'a'), 0);
    outbox.takeDue(0);
    outbox.add({ ...tap('2', 'a'), verdict: 'rejected' }, 1);
    expect(outbox.takeDue(1).map((one) => one.id)).toEqual(['2']);
    expect(outbox.taps).toHaveLength(2);
  });

  it('forgets that anything was sent when it is loaded again', () => {
    const outbox = new Outbox();
    outbox.add(tap('1', 'a'), 0);
    outbox.takeDue(0);
    expect(new Outbox(outbox.taps).takeDue(5).map((one) => one.id)).toEqual(['1']);
  });
});

describe('subscriptions', () => {
  it('ask only when the union changes', () => {
    const subscriptions = new Subscriptions();
    const [tile, detail] = [Symbol('tile'), Symbol('detail')];
    expect(subscriptions.add('c', tile, { maxFps: 2 })).toEqual({ frames: false, maxFps: 2 });
    expect(subscriptions.add('c', detail, { frames: true, maxFps: 5 })).toEqual({ frames: true, maxFps: 5 });
    expect(subscriptions.add('c', Symbol('third'), { frames: true, maxFps: 1 })).toBeNull();
    expect(subscriptions.remove('c', detail)).toEqual({ frames: true, maxFps: 2 });
    expect(subscriptions.remove('c', detail)).toBeNull();
  });

  it('say when nobody is left', () => {
    const subscriptions = new Subscriptions();
    const tile = Symbol('tile');
    subscriptions.add('c', tile, {});
    expect(subscriptions.remove('c', tile)).toBe('gone');
    expect(subscriptions.all()).toEqual([]);
  });
});

describe('device', () => {
  it('keeps its id in a tab, and two tabs differ', () => {
    const storage = () => {
      const kept = new Map<string, string>();
      return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) };
    };
    const local = storage();
    const tab = storage();
    expect(browserDevice('u1', local, tab)).toBe(browserDevice('u1', local, tab));
    expect(browserDevice('u1', local, storage())).not.toBe(browserDevice('u1', local, tab));
  });
});

describe('emitter', () => {
  it('removes a handler from inside itself and calls the others', () => {
    const emitter = new Emitter<{ tick: number }>();
    const seen: string[] = [];
    const remove = emitter.on('tick', () => {
      seen.push('once');
      remove();
    });
    emitter.on('tick', () => seen.push('always'));
    emitter.emit('tick', 1);
    emitter.emit('tick', 2);
    expect(seen).toEqual(['once', 'always', 'always']);
  });
});
