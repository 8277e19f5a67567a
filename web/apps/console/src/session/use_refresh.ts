import { useEffect } from 'react';

import { useSession } from './session.ts';
import { refreshSession } from './sign_in.ts';

/** Keeps the session alive: asks for the next token when it is due. */
export function useRefresh(): void {
  const dueAtMs = useSession()?.refreshAtMs;
  useEffect(() => {
    if (dueAtMs === undefined) return undefined;
    const timer = setTimeout(() => {
      // A failure has already moved the next try or ended the session; there is nobody else to tell.
      refreshSession().catch(() => undefined);
    }, Math.max(dueAtMs - Date.now(), 0));
    return () => {
      clearTimeout(timer);
    };
  }, [dueAtMs]);
}
