import { notifications } from '@mantine/notifications';

import { text } from '../text/everywhere.ts';

/** What every toast needs: its cross has no words of its own. */
export const TOAST = { closeButtonProps: { 'aria-label': text.actions.close } };

/** A short word that something worked. */
export function notifyDone(message: string): void {
  notifications.show({ ...TOAST, message, color: 'signal', autoClose: 3_000 });
}

/** Something a person asked for did not happen; in words. */
export function notifyFailed(error: unknown): void {
  notifications.show({ ...TOAST, message: error instanceof Error ? error.message : String(error), color: 'red', autoClose: 8_000 });
}
