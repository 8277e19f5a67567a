/** What the service worker asks of a page: see `worker/service_worker.ts`. */
interface Opened {
  type: 'open';
  path: string;
}

/** Starts the service worker, which shows notifications and keeps the console's shell for bad networks. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  window.addEventListener('load', () => {
    // Without one the console works as before: it only cannot be woken. Why is in the browser's own words.
    navigator.serviceWorker.register('/sw.js').catch((reason: unknown) => {
      console.info('no service worker:', reason);
    });
  });
}

/** Calls `open` with the place that a notification leads to, when somebody tapped it. Returns what ends that. */
export function onNotificationOpened(open: (path: string) => void): () => void {
  if (!('serviceWorker' in navigator)) return () => undefined;
  const listen = ({ data }: MessageEvent): void => {
    const message = data as Partial<Opened> | null;
    if (message?.type === 'open' && typeof message.path === 'string' && message.path.startsWith('/')) open(message.path);
  };
  navigator.serviceWorker.addEventListener('message', listen);
  return () => {
    navigator.serviceWorker.removeEventListener('message', listen);
  };
}
