/** What the gateway pushes, decrypted by the browser: see the how-to about web push. */
export interface Pushed {
  type: string;
  alert_id: string;
  severity: string;
  title: string;
  body: string;
  url: string;
  timestamp: number;
}

/** What the service worker shows, as `showNotification` takes it. */
export interface Shown {
  title: string;
  options: NotificationOptions & { timestamp?: number; renotify?: boolean; vibrate?: number[] };
}

const CALM = [120];
const URGENT = [250, 100, 250, 100, 250];

/**
 * The notification for a push message; something is shown for every message, because browsers end subscriptions that
 * stay silent. One alert has one notification: an escalation replaces it and rings again.
 */
export function notificationOf(text: string | null): Shown {
  const pushed = parse(text);
  const urgent = pushed.severity === 'critical' || pushed.severity === 'error';
  return {
    title: typeof pushed.title === 'string' ? pushed.title : 'Sightline',
    options: {
      body: typeof pushed.body === 'string' ? pushed.body : 'Open the console to see what is new.',
      tag: typeof pushed.alert_id === 'string' ? pushed.alert_id : 'sightline',
      renotify: true,
      requireInteraction: urgent,
      vibrate: urgent ? URGENT : CALM,
      icon: '/icon-192.png',
      badge: '/badge-96.png',
      data: { path: safePath(pushed.url) },
      ...(typeof pushed.timestamp === 'number' ? { timestamp: pushed.timestamp } : {}),
    },
  };
}

/** A place of this console: a notification leads nowhere else. */
export function safePath(path: unknown): string {
  return typeof path === 'string' && /^\/(?![/\\])/.test(path) ? path : '/';
}

function parse(text: string | null): Partial<Pushed> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
