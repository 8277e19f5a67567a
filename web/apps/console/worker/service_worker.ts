/**
 * The console's service worker: shows what is pushed, opens the alert that was tapped, and keeps the shell of the
 * console, so that it opens on a network that is bad or away. It keeps nothing that the server knows about people.
 */
import { answerOf } from './answers.ts';
import { notificationOf, safePath } from './notification.ts';

declare const self: ServiceWorkerGlobalScope & {
  /** What the shell consists of; the build writes it above this file, so that another build is another worker. */
  SHELL_FILES: readonly string[];
};

const INDEX = '/index.html';
const CACHE = `shell-${self.SHELL_FILES.join('').length.toString(36)}-${hash(self.SHELL_FILES.join(' '))}`;
/** A network that has not answered by then is too bad to wait for. */
const NETWORK_WAIT_MS = 4_000;

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldShells().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const answer = answerOf(event.request, self.location.origin);
  if (answer === 'shell') event.respondWith(page(event.request));
  else if (answer === 'kept') event.respondWith(keptOrFetched(event.request));
});

self.addEventListener('push', (event) => {
  const { title, options } = notificationOf(event.data?.text() ?? null);
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { path } = (event.notification.data ?? {}) as { path?: unknown };
  event.waitUntil(open(safePath(path)));
});

async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(self.SHELL_FILES.map((file) => new Request(file, { cache: 'no-cache' })));
}

async function dropOldShells(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('shell-') && name !== CACHE).map((name) => caches.delete(name)));
}

async function page(request: Request): Promise<Response> {
  const kept = await caches.match(INDEX);
  if (kept === undefined) return await fetch(request);
  try {
    return await fetch(request, { signal: AbortSignal.timeout(NETWORK_WAIT_MS) });
  } catch {
    // No network, or a bad one: the page itself says so, and goes on as soon as there is a better one.
    return kept;
  }
}

async function keptOrFetched(request: Request): Promise<Response> {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  // The names of assets hold their content's hash: what was fetched once is right for ever.
  if (answer.ok && new URL(request.url).pathname.startsWith('/assets/')) await (await caches.open(CACHE)).put(request, answer.clone());
  return answer;
}

/** Brings a page that is open to the alert, or opens one. */
async function open(path: string): Promise<void> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const best = pages.find((one) => one.visibilityState === 'visible') ?? pages[0];
  if (best === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  best.postMessage({ type: 'open', path });
  await best.focus();
}

/** A short fingerprint, for a cache's name (FNV-1a, 32 bits). */
function hash(value: string): string {
  let state = 0x811c9dc5;
  for (const character of value) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  return (state >>> 0).toString(36);
}
