import { request } from '../api/http.ts';
import type { TokenAnswer } from '../api/types.ts';
import { session } from './session.ts';
import { postponed, signedInFrom } from './session_store.ts';

/** Signs in and begins the session. Raises `ApiError` with the server's words. */
export async function signIn(name: string, password: string): Promise<void> {
  const form = new URLSearchParams({ grant_type: 'password', username: name, password });
  const answer = await request<TokenAnswer>('/api/token', { method: 'POST', form });
  session.set(signedInFrom(answer, Date.now()));
}

/** Asks for a newer token. A refusal ends the session; an unreachable server leaves it for a later try. */
export async function refreshSession(): Promise<void> {
  try {
    const answer = await request<TokenAnswer>('/api/token/refresh', { method: 'POST' });
    session.set(signedInFrom(answer, Date.now()));
  } catch (error) {
    const current = session.get();
    if (current !== null) session.set(postponed(current, Date.now()));
    throw error;
  }
}
