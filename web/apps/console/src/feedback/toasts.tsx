import '@mantine/notifications/styles.css';

import { Notifications } from '@mantine/notifications';
import type { ReactElement } from 'react';

/** Where short words appear. Fetched after the page: nothing is said before it stands. */
export default function Toasts(): ReactElement {
  return <Notifications position="top-right" limit={3} zIndex={500} />;
}
