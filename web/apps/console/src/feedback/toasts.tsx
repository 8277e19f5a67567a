import '@mantine/notifications/styles.css';

import { Notifications } from '@mantine/notifications';
import type { ReactElement } from 'react';

import styles from './toasts.module.css';

/** Where short words appear. Fetched after the page: nothing is said before it stands. */
export default function Toasts(): ReactElement {
  return <Notifications position="bottom-right" limit={3} zIndex={500} className={styles.toasts} />;
}
