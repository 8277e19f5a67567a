import { useHotkeys } from '@mantine/hooks';
import type { Verdict } from '@sightline/client';

interface InboxKeys {
  move: (step: 1 | -1) => void;
  take: (verdict: Verdict | null) => void;
  help: () => void;
}

/** The operator's keys. Keys pressed in a dialog or menu belong to that. */
export function useInboxKeys({ move, take, help }: InboxKeys): void {
  const outside = (act: () => void) => (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest('[role="dialog"], [role="menu"], [role="listbox"]') == null) act();
  };
  const next = outside(() => {
    move(1);
  });
  const previous = outside(() => {
    move(-1);
  });
  const takeAs = (verdict: Verdict | null) =>
    outside(() => {
      take(verdict);
    });
  useHotkeys([
    ['j', next],
    ['ArrowDown', next],
    ['k', previous],
    ['ArrowUp', previous],
    ['a', takeAs(null)],
    ['c', takeAs('confirmed')],
    ['r', takeAs('rejected')],
    // With Shift on most keyboards, without on some.
    ['?', outside(help)],
    ['shift+?', outside(help)],
  ]);
}
