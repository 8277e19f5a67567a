import { useEffect, useState } from 'react';

/** Keeps the screen on while `wanted`; whether the browser does it. A lock is lost whenever the page is hidden. */
export function useAwake(wanted: boolean): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!wanted || !('wakeLock' in navigator)) return undefined;
    let lock: WakeLockSentinel | null = null;
    let gone = false;
    const take = async (): Promise<void> => {
      if (document.visibilityState !== 'visible' || gone) return;
      try {
        lock = await navigator.wakeLock.request('screen');
        if (gone) {
          await lock.release();
          return;
        }
        lock.onrelease = () => {
          setHeld(false);
        };
        setHeld(true);
      } catch {
        // A battery that is low, a setting: the browser says no, and the page says so.
        setHeld(false);
      }
    };
    const onVisible = (): void => void take();
    document.addEventListener('visibilitychange', onVisible);
    void take();
    return () => {
      gone = true;
      document.removeEventListener('visibilitychange', onVisible);
      void lock?.release();
      setHeld(false);
    };
  }, [wanted]);
  return held;
}
