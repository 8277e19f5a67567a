import type { Verdict } from '@sightline/client';
import { createContext, use } from 'react';

import type { LiveState } from './live_state.ts';
import { NOTHING_YET } from './live_state.ts';

export interface Live {
  state: LiveState;
  /** The error of the last reading of the open alerts. */
  error: Error | null;
  retry: () => unknown;
  acknowledge: (alertId: string, verdict: Verdict | null) => void;
  /** This user cannot take it: the next person is asked. */
  decline: (alertId: string, reason: string) => void;
}

const nothing = (): void => undefined;

export const LiveContext = createContext<Live>({
  state: NOTHING_YET,
  error: null,
  retry: nothing,
  acknowledge: nothing,
  decline: nothing,
});

/** Live alerts, taps and camera states, and what can be done to them. */
export function useLive(): Live {
  return use(LiveContext);
}
