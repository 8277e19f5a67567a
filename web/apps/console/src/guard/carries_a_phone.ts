import type { SignedIn } from '../session/session_store.ts';
import { may } from '../session/session_store.ts';

/** Whether this page is what somebody carries who is sent to places: only such a client says where it is. */
export function carriesAPhone(signedIn: SignedIn | null): boolean {
  if (signedIn?.user.role === 'responder') return true;
  return may(signedIn, 'handle_alerts') && window.matchMedia('(pointer: coarse) and (width < 768px)').matches;
}
