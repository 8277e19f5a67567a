import { useSyncExternalStore } from 'react';

import type { Right } from '../api/types.ts';
import type { SignedIn } from './session_store.ts';
import { may, SessionStore } from './session_store.ts';

/** The one session of this page. */
export const session = new SessionStore(window.sessionStorage, Date.now());

export function useSession(): SignedIn | null {
  return useSyncExternalStore(session.subscribe, session.get);
}

export function useMay(right: Right): boolean {
  return may(useSession(), right);
}
