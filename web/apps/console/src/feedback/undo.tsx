import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';

import { text } from '../text/everywhere.ts';
import { notifyFailed, TOAST } from './notify.ts';
import styles from './undo.module.css';

const SHOWN_MS = 12_000;

/** Says what was done, with the way back for as long as it is shown. */
export function notifyUndo(message: string, undo: () => Promise<unknown>): void {
  const id = notifications.show({
    ...TOAST,
    autoClose: SHOWN_MS,
    color: 'signal',
    message: (
      <span className={styles.line}>
        {message}
        <Button
          size="compact-sm"
          variant="light"
          onClick={() => {
            notifications.hide(id);
            undo().catch(notifyFailed);
          }}
        >
          {text.actions.undo}
        </Button>
      </span>
    ),
  });
}
