import { useSyncExternalStore } from 'react';

/** Chromium's way to ask whether a page may be installed; not in the DOM's types. */
interface InstallPrompt extends Event {
  prompt: () => Promise<unknown>;
}

let offered: InstallPrompt | null = null;
const listeners = new Set<() => void>();

function offer(event: InstallPrompt | null): void {
  offered = event;
  for (const listener of listeners) listener();
}

window.addEventListener('beforeinstallprompt', (event) => {
  // Kept for the moment in which it is asked for on the page.
  event.preventDefault();
  offer(event as InstallPrompt);
});
window.addEventListener('appinstalled', () => {
  offer(null);
});

export function canInstall(): boolean {
  return offered !== null;
}

/** Renders again when installing becomes possible, or is done. */
export function useInstallable(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, canInstall);
}

export async function promptInstall(): Promise<void> {
  const event = offered;
  // The browser lets it be used once.
  offer(null);
  await event?.prompt();
}

/** Whether this page was opened from the home screen. */
export function isInstalled(): boolean {
  return window.matchMedia('(display-mode: standalone)').matches;
}

/** An iPhone gives pages no way to ask: one adds them by hand, and only then may they notify. */
export function isIPhone(): boolean {
  return /iPhone|iPad/.test(navigator.userAgent);
}
