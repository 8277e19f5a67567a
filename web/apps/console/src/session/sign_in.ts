import { ApiError, renewEndedSessionsWith, request } from '../api/http.ts';
import type { TokenAnswer } from '../api/types.ts';
import { isRemembered, setRemembered } from './remembered.ts';
import { session } from './session.ts';
import { hasEnded, postponed, signedInFrom } from './session_store.ts';

/** Signs in and begins the session. Raises `ApiError` with the server's words. */
export async function signIn(name: string, password: string, remember: boolean): Promise<void> {
  const form = new URLSearchParams({ grant_type: 'password', username: name, password, remember: String(remember) });
  const answer = await request<TokenAnswer>('/api/token', { method: 'POST', form });
  setRemembered(remember);
  session.set(signedInFrom(answer, Date.now()));
}

/** Signs in again whom this browser remembers. Raises `ApiError`; a refusal means that it remembers nobody any more. */
export async function resumeSession(): Promise<void> {
  try {
    session.set(signedInFrom(await renewed(), Date.now()));
  } catch (error) {
    if (isRefusal(error)) setRemembered(false);
    throw error;
  }
}

/** Ends the session here, and has this browser forgotten. */
export async function signOut(): Promise<void> {
  setRemembered(false);
  session.set(null);
  try {
    await request('/api/token', { method: 'DELETE', anonymous: true });
  } catch {
    // Without a connection the cookie stays, unused, until the session's end: nothing asks with it any more.
  }
}

let running: Promise<void> | null = null;

/** Asks for a newer token, once at a time. A refusal ends the session; an unreachable server leaves it for later. */
export function refreshSession(): Promise<void> {
  running ??= refresh().finally(() => {
    running = null;
  });
  return running;
}

async function refresh(): Promise<void> {
  const current = session.get();
  if (current === null) return;
  const asleep = hasEnded(current, Date.now()) && isRemembered();
  try {
    const answer = asleep ? await renewed() : await request<TokenAnswer>('/api/token/refresh', { method: 'POST' });
    // The cookie may be of somebody who signed in since, in another tab: nobody is turned into somebody else.
    session.set(answer.user.id === current.user.id ? signedInFrom(answer, Date.now()) : null);
  } catch (error) {
    if (asleep && isRefusal(error)) session.set(null);
    const left = session.get();
    if (left !== null) session.set(postponed(left, Date.now()));
    throw error;
  }
}

function renewed(): Promise<TokenAnswer> {
  return request<TokenAnswer>('/api/token/refresh', { method: 'POST', anonymous: true });
}

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

renewEndedSessionsWith(refreshSession);
