import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';

import { Confirm } from '../feedback/confirm.tsx';
import { text } from '../text/everywhere.ts';
import { zonesText } from '../text/zones.ts';

/** Asks before changes that were not saved are lost: to another page of the console, out of it, or with the browser's way back. */
export function LeaveGuard({ dirty }: { dirty: boolean }): ReactElement | null {
  const [leave, setLeave] = useState<{ go: () => void } | null>(null);
  const navigate = useNavigate();
  useEffect(() => {
    if (!dirty) return undefined;
    const closing = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
    };
    const clicked = (event: MouseEvent): void => {
      const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
      const path = link?.getAttribute('href') ?? '';
      const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || link?.getAttribute('target') === '_blank';
      if (elsewhere || !path.startsWith('/')) return;
      event.preventDefault();
      event.stopPropagation();
      setLeave({ go: () => void navigate(path) });
    };
    const here = window.location.href;
    const back = (event: PopStateEvent): void => {
      // The router hears of it after this: it stays where it is until somebody has answered.
      event.stopImmediatePropagation();
      const there = window.location.pathname + window.location.search;
      window.history.pushState(event.state, '', here);
      setLeave({ go: () => void navigate(there) });
    };
    window.addEventListener('beforeunload', closing);
    document.addEventListener('click', clicked, true);
    window.addEventListener('popstate', back, true);
    return () => {
      window.removeEventListener('beforeunload', closing);
      document.removeEventListener('click', clicked, true);
      window.removeEventListener('popstate', back, true);
    };
  }, [dirty, navigate]);
  if (leave === null) return null;
  return (
    <Confirm
      title={zonesText.leaveTitle}
      body={zonesText.leaveBody}
      action={text.actions.discard}
      busy={false}
      onConfirm={() => {
        setLeave(null);
        leave.go();
      }}
      onClose={() => {
        setLeave(null);
      }}
    />
  );
}
