import { Kbd, Modal } from '@mantine/core';
import type { ReactElement } from 'react';

import { text } from '../text.ts';
import styles from './keys_dialog.module.css';

export default function KeysDialog({ onClose }: { onClose: () => void }): ReactElement {
  return (
    <Modal opened onClose={onClose} title={text.alerts.keysTitle} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <dl className={styles.keys}>
        {text.alerts.keys.map(([key, meaning]) => (
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
