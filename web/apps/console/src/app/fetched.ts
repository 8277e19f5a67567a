import type { ComponentType, LazyExoticComponent } from 'react';
import { lazy } from 'react';

const ASK_AGAIN_MS = 2_000;
const RELOADED_KEY = 'sightline.reloaded';
const NOT_AGAIN_WITHIN_MS = 60_000;

/**
 * A part of the console that is fetched when it is first shown.
 *
 * The server may be away at that moment, or have been upgraded, so that the part has another name by now; browsers
 * remember a module that failed. So the page waits until the server answers and then starts afresh: session, place in
 * the log and taps survive that. Where this does not help, the error goes to the boundary above.
 */
export function fetched<Props>(load: () => Promise<{ default: ComponentType<Props> }>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(() => load().catch(startAfresh));
}

async function startAfresh(problem: unknown): Promise<never> {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED_KEY)) < NOT_AGAIN_WITHIN_MS) throw problem;
  while (!(await serverAnswers())) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
  window.location.reload();
  return await new Promise<never>(() => undefined);
}

async function serverAnswers(): Promise<boolean> {
  try {
    return (await fetch('/health', { cache: 'no-store' })).ok;
  } catch {
    // Any failure to fetch means the same: not now.
    return false;
  }
}
