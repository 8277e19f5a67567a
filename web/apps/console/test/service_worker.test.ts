import { describe, expect, it } from 'vitest';

import { answerOf } from '../worker/answers.ts';
import { notificationOf, safePath } from '../worker/notification.ts';

const ORIGIN = 'https://alerts.example.org';

function answer(path: string, changed: { method?: string; mode?: string } = {}): string {
  return answerOf({ method: 'GET', mode: 'no-cors', url: new URL(path, ORIGIN).href, ...changed }, ORIGIN);
}

describe('what the service worker answers', () => {
  it('shows the kept page where the network does not answer, on every place of the console', () => {
    for (const place of ['/', '/alerts/a1', '/duty', '/sign-in?next=%2Fduty']) expect(answer(place, { mode: 'navigate' })).toBe('shell');
  });

  it('keeps files that never change, and icons', () => {
    for (const file of ['/assets/console-abc.js', '/icon.svg', '/badge-96.png', '/manifest.webmanifest']) expect(answer(file)).toBe('kept');
  });

  it('keeps nothing of what the server knows', () => {
    for (const path of ['/api/alerts', '/api/people/p1/portrait', '/ws/connections', '/health', '/sw.js']) expect(answer(path)).toBe('pass');
    expect(answer('/api/alerts', { mode: 'navigate' })).toBe('pass');
    expect(answer('/assets/x.js', { method: 'POST' })).toBe('pass');
    expect(answer('https://elsewhere.example/assets/x.js')).toBe('pass');
  });
});

describe('what a push message shows', () => {
  const pushed = {
    type: 'alert_triggered', alert_id: 'a1', severity: 'critical', title: 'Alert at Front door', body: 'Watchlist match, critical',
    url: '/alerts/a1', timestamp: 1_767_265_205_000,
  };

  it('is the alert, once for each alert, and stays until it is seen when it is urgent', () => {
    const { title, options } = notificationOf(JSON.stringify(pushed));
    expect(title).toBe('Alert at Front door');
    expect(options).toMatchObject({ body: 'Watchlist match, critical', tag: 'a1', renotify: true, requireInteraction: true, timestamp: 1_767_265_205_000 });
    expect(options.data).toEqual({ path: '/alerts/a1' });
    expect(notificationOf(JSON.stringify({ ...pushed, severity: 'warning' })).options.requireInteraction).toBe(false);
  });

  it('is something, whatever came', () => {
    for (const text of [null, '', 'not JSON', '[]', '3', 'null', '{"title": 3, "url": "https://elsewhere.example/"}']) {
      expect(notificationOf(text)).toMatchObject({ title: 'Sightline', options: { tag: 'sightline', data: { path: '/' } } });
    }
  });

  it('leads nowhere but to this console', () => {
    expect(['/alerts/a1', '//elsewhere.example', '/\\elsewhere', 'https://elsewhere.example/', undefined].map(safePath)).toEqual(['/alerts/a1', '/', '/', '/', '/']);
  });
});
