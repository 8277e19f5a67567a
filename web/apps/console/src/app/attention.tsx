import { useFavicon } from '@mantine/hooks';
import type { ReactElement } from 'react';
import { useEffect } from 'react';

import { useLive } from '../live/live_context.ts';
import { openCount } from '../live/live_state.ts';
import { badgedIcon } from './badge_icon.ts';

/** Puts the number of open alerts where it is seen while another tab or program is in front. */
export function Attention(): ReactElement | null {
  const count = openCount(useLive().state);
  useFavicon(badgedIcon(count));
  useEffect(() => {
    // Installed as an app, the number sits on the app's icon; not every browser can.
    if (!('setAppBadge' in navigator)) return;
    const done = count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count);
    done.catch(() => undefined);
  }, [count]);
  return null;
}
