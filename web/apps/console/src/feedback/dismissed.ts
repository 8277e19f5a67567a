import { useState } from 'react';

const DAY_MS = 24 * 60 * 60_000;

/** Whether something was put off, in this browser, and how to put it off. It comes again after so many days. */
export function useDismissed(question: string, days = 14): [dismissed: boolean, dismiss: () => void] {
  const key = `sightline.dismissed.${question}`;
  const [dismissed, setDismissed] = useState(() => Date.now() - Number(window.localStorage.getItem(key)) < days * DAY_MS);
  return [
    dismissed,
    () => {
      window.localStorage.setItem(key, String(Date.now()));
      setDismissed(true);
    },
  ];
}
