import { Kbd, Modal } from '@mantine/core';
import type { ReactElement } from 'react';

import { alertsText } from '../text/alerts.ts';
import { text } from '../text/everywhere.ts';
import styles from './keys_dialog.module.css';

export default function KeysDialog({ onClose }: { onClose: () => void }): ReactElement {
  return (
    <Modal opened onClose={onClose} title={alertsText.keysTitle} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <dl className={styles.keys}>
        {alertsText.keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
