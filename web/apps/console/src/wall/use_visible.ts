import type { RefObject } from 'react';
import { useEffect, useState, useSyncExternalStore } from 'react';

/** Whether an element is on the screen: in the viewport, of a tab that is shown. What nobody sees is not sent. */
export function useVisible(element: RefObject<Element | null>): boolean {
  const [inView, setInView] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    const observer = new IntersectionObserver((entries) => {
      setInView(entries.at(-1)?.isIntersecting ?? false);
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
    };
  }, [element]);
  return usePageShown() && inView;
}

function usePageShown(): boolean {
  return useSyncExternalStore(
    (changed) => {
      document.addEventListener('visibilitychange', changed);
      return () => {
        document.removeEventListener('visibilitychange', changed);
      };
    },
    () => document.visibilityState === 'visible',
  );
}
