/**
 * How the service worker answers a request: `shell`: from the network, and without one the page that was kept ·
 * `kept`: from what was kept, then from the network · `pass`: as if there were no service worker.
 */
export type Answer = 'shell' | 'kept' | 'pass';

/** Paths that the server answers itself; all others are places of the console. */
const SERVER = /^\/(api|ws|health|metrics|whip|whep|socket\.io|docs|redoc|openapi)/;
const ICONS = /^\/(icon|badge)[^/]*\.(svg|png)$|^\/manifest\.webmanifest$/;

export function answerOf(request: { method: string; mode: string; url: string }, origin: string): Answer {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== origin || SERVER.test(url.pathname)) return 'pass';
  if (request.mode === 'navigate') return 'shell';
  return url.pathname.startsWith('/assets/') || ICONS.test(url.pathname) ? 'kept' : 'pass';
}
