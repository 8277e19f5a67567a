import type { Me, Right, TokenAnswer } from '../api/types.ts';

export interface SignedIn {
  token: string;
  user: Me;
  expiresAtMs: number;
  /** When to ask for the next token: well before this one ends, so that one lost request does no harm. */
  refreshAtMs: number;
}

const KEY = 'sightline.session';
const REFRESH_AT_SHARE = 0.75;
const RETRY_REFRESH_MS = 15_000;

/** What the server answered, with its seconds turned into times of this clock. */
export function signedInFrom(answer: TokenAnswer, nowMs: number): SignedIn {
  const lifetimeMs = answer.expires_in * 1_000;
  return {
    token: answer.access_token,
    user: answer.user,
    expiresAtMs: nowMs + lifetimeMs,
    refreshAtMs: nowMs + lifetimeMs * REFRESH_AT_SHARE,
  };
}

/** Whether its token has ended: this device slept longer than a token lives. */
export function hasEnded(session: SignedIn, nowMs: number): boolean {
  return session.expiresAtMs <= nowMs;
}

/** The same session, to be refreshed a little later because just now it could not be. */
export function postponed(session: SignedIn, nowMs: number): SignedIn {
  return { ...session, refreshAtMs: nowMs + RETRY_REFRESH_MS };
}

export function may(session: SignedIn | null, right: Right): boolean {
  return session?.user.rights.includes(right) ?? false;
}

/**
 * Who is signed in, in this tab.
 *
 * The token lies in `sessionStorage`: it survives a reload but not the tab, no other site can read it, and since no
 * request carries it by itself, no other site can use it either. What remains is script injection, against which the
 * content security policy stands. Who wants to stay signed in has a cookie besides, good for nothing but a new token.
 */
export class SessionStore {
  #session: SignedIn | null;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly #listeners = new Set<() => void>();

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, nowMs: number) {
    this.#storage = storage;
    this.#session = restore(storage.getItem(KEY), nowMs);
  }

  readonly get = (): SignedIn | null => this.#session;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  set(session: SignedIn | null): void {
    this.#session = session;
    if (session === null) this.#storage.removeItem(KEY);
    else this.#storage.setItem(KEY, JSON.stringify(session));
    for (const listener of this.#listeners) listener();
  }
}

function restore(text: string | null, nowMs: number): SignedIn | null {
  if (text === null) return null;
  try {
    const session = JSON.parse(text) as SignedIn;
    return session.expiresAtMs > nowMs ? session : null;
  } catch {
    return null;
  }
}
