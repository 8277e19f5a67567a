import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { problemOfCamera } from '../src/this_device/device_stream.ts';
import { isNews } from '../src/this_device/place_news.ts';
import type { OutgoingEvents, Way } from '../src/this_device/problem.ts';
import { Publisher } from '../src/this_device/publisher.ts';
import { lastUntil, nextDelay } from '../src/this_device/seen_painter.ts';

class Attempts {
  readonly made: { way: Way; events: OutgoingEvents; ended: 'stop' | 'drop' | null }[] = [];
  by: string | null = null;

  readonly route = {
    begin: (way: Way, events: OutgoingEvents) => {
      const attempt: (typeof this.made)[number] = { way, events, ended: null };
      this.made.push(attempt);
      return {
        stop: () => {
          attempt.ended = 'stop';
        },
        drop: () => {
          attempt.ended = 'drop';
        },
      };
    },
    takenOver: () => Promise.resolve(this.by),
  };

  get last(): (typeof this.made)[number] {
    const last = this.made.at(-1);
    if (last === undefined) throw new Error('nothing was tried');
    return last;
  }
}

describe('the publisher', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const started = (): { publisher: Publisher; attempts: Attempts } => {
    const attempts = new Attempts();
    const publisher = new Publisher();
    publisher.start(attempts.route);
    return { publisher, attempts };
  };

  it('goes on air with video, and tells the server when its person stops', () => {
    const { publisher, attempts } = started();
    expect(publisher.get().phase).toBe('starting');
    attempts.last.events.onLive();
    expect(publisher.get()).toMatchObject({ phase: 'live', way: 'webrtc', reason: '' });
    publisher.stop();
    expect([attempts.last.ended, publisher.get().phase]).toEqual(['stop', 'off']);
  });

  it('pushes pictures where video is blocked, for a while', async () => {
    const { publisher, attempts } = started();
    attempts.last.events.onLost({ kind: 'blocked', reason: 'no way' });
    expect(attempts.last.way).toBe('pictures');
    attempts.last.events.onLive();
    expect(publisher.get()).toMatchObject({ phase: 'live', way: 'pictures' });
    attempts.last.events.onLost({ kind: 'lost', reason: 'gone' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempts.last.way).toBe('pictures');
    publisher.networkChanged();
    expect(attempts.last.way).toBe('webrtc');
  });

  it('comes back after 1, 1.5, 2.25 … 30 s', async () => {
    const { publisher, attempts } = started();
    for (const delayMs of [1_000, 1_500, 2_250, 3_375]) {
      attempts.last.events.onLost({ kind: 'lost', reason: 'gone' });
      expect(publisher.get()).toMatchObject({ phase: 'waiting', reason: 'gone' });
      const before = attempts.made.length;
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(attempts.made.length).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(attempts.made.length).toBe(before + 1);
    }
    for (let loss = 0; loss < 10; loss += 1) {
      attempts.last.events.onLost({ kind: 'lost', reason: 'gone' });
      await vi.advanceTimersByTimeAsync(30_000);
    }
    expect(attempts.made.length).toBe(15);
  });

  it('begins anew at once when the network changed, and hears nothing of what was', () => {
    const { publisher, attempts } = started();
    const first = attempts.last;
    first.events.onLive();
    publisher.networkChanged();
    expect([first.ended, attempts.made.length]).toEqual(['drop', 2]);
    first.events.onLost({ kind: 'lost', reason: 'late' });
    expect(publisher.get().phase).toBe('starting');
  });

  it('gives way to another device', async () => {
    const { publisher, attempts } = started();
    attempts.last.events.onLive();
    attempts.by = 'another';
    attempts.last.events.onLost({ kind: 'lost', reason: 'gone' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(publisher.get()).toMatchObject({ phase: 'refused', reason: 'another' });
    expect(attempts.made.length).toBe(1);
  });

  it('does not come back when it is refused, until somebody starts it again', async () => {
    const { publisher, attempts } = started();
    attempts.last.events.onLost({ kind: 'refused', reason: 'switched off' });
    await vi.advanceTimersByTimeAsync(60_000);
    publisher.networkChanged();
    publisher.retryNow();
    expect([publisher.get().phase, attempts.made.length]).toEqual(['refused', 1]);
    publisher.start(attempts.route);
    expect(attempts.made.length).toBe(2);
  });
});

describe('the preview in step', () => {
  it('finds the newest of what was', () => {
    const items = [{ atMs: 10 }, { atMs: 20 }, { atMs: 30 }];
    expect(lastUntil(items, 25)).toBe(items[1]);
    expect(lastUntil(items, 30)).toBe(items[2]);
    expect(lastUntil(items, 9)).toBeNull();
  });

  it('waits longer at once and shorter slowly, within bounds', () => {
    expect(nextDelay(300, 450)).toBe(450);
    expect(nextDelay(300, 100)).toBe(290);
    expect(nextDelay(300, 60_000)).toBe(1_500);
    expect(nextDelay(0, -500)).toBe(0);
  });
});

describe('the place of a device', () => {
  const here = { latitude: 52.5, longitude: 13.4, accuracyM: 10, atMs: 0 };

  it('is told first, and when it is another', () => {
    expect(isNews(here, null)).toBe(true);
    expect(isNews({ ...here, atMs: 60_000 }, here)).toBe(false);
    expect(isNews({ ...here, latitude: 52.501, atMs: 60_000 }, here)).toBe(true);
    expect(isNews({ ...here, latitude: 52.501, atMs: 5_000 }, here)).toBe(false);
    expect(isNews({ ...here, latitude: 52.501, accuracyM: 500, atMs: 60_000 }, here)).toBe(false);
  });
});

describe('a camera that is not given', () => {
  it('is explained', () => {
    const named = (name: string): Error => Object.assign(new Error('x'), { name });
    expect(problemOfCamera(named('NotAllowedError'))).toBe('denied');
    expect(problemOfCamera(named('NotFoundError'))).toBe('none');
    expect(problemOfCamera(named('NotReadableError'))).toBe('busy');
    expect(problemOfCamera(named('Odd'))).toBe('other');
    expect(problemOfCamera('odd')).toBe('other');
  });
});
