import { notifications } from '@mantine/notifications';

/** A short word that something worked. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'signal', autoClose: 3_000 });
}

/** Something a person asked for did not happen; in words. */
export function notifyFailed(error: unknown): void {
  notifications.show({ message: error instanceof Error ? error.message : String(error), color: 'red', autoClose: 8_000 });
}
