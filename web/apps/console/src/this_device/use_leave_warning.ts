import { useEffect } from 'react';

/** While `on`, the browser asks before the tab is closed or loaded anew. */
export function useLeaveWarning(on: boolean): void {
  useEffect(() => {
    if (!on) return undefined;
    const ask = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => {
      window.removeEventListener('beforeunload', ask);
    };
  }, [on]);
}
