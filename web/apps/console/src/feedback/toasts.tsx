import '@mantine/notifications/styles.css';

import { useMediaQuery } from '@mantine/hooks';
import { Notifications } from '@mantine/notifications';
import type { ReactElement } from 'react';

import styles from './toasts.module.css';

/** Where short words appear: never over what a thumb is about to press, never over the state of the connection. */
export default function Toasts(): ReactElement {
  const phone = useMediaQuery('(width < 768px)', false, { getInitialValueInEffect: false });
  return (
    <Notifications
      position={phone ? 'top-center' : 'bottom-right'}
      limit={phone ? 1 : 3}
      zIndex={500}
      className={styles.toasts}
    />
  );
}
