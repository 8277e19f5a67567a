import { useState } from 'react';

const ASK_AGAIN_MS = 14 * 24 * 60 * 60_000;

/** Whether a question was put off, in this browser, and how to put it off. It may be asked again two weeks later. */
export function useDismissed(question: string): [dismissed: boolean, dismiss: () => void] {
  const key = `sightline.dismissed.${question}`;
  const [dismissed, setDismissed] = useState(() => Date.now() - Number(window.localStorage.getItem(key)) < ASK_AGAIN_MS);
  return [
    dismissed,
    () => {
      window.localStorage.setItem(key, String(Date.now()));
      setDismissed(true);
    },
  ];
}
