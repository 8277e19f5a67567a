import { Button, Group, Modal } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { secretText } from '../text/secret.ts';
import styles from './secret_dialog.module.css';

const COPIED_MS = 2_000;

interface SecretDialogProps {
  title: string;
  lead: string;
  secret: string;
  onClose: () => void;
}

/** Shows a secret, this once. It is closed by a button, not by a click beside it. */
export function SecretDialog({ title, lead, secret, onClose }: SecretDialogProps): ReactElement {
  const clipboard = useClipboard({ timeout: COPIED_MS });
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={false} closeOnEscape={false} withCloseButton={false} title={title}>
      <div className={styles.shown}>
        <p>{lead}</p>
        <output className={styles.secret} data-testid="secret">
          {secret}
        </output>
        <Group justify="flex-end" gap="xs">
          <Button
            variant="default"
            leftSection={clipboard.copied ? <IconCheck size={17} /> : <IconCopy size={17} />}
            onClick={() => {
              clipboard.copy(secret);
            }}
          >
            {clipboard.copied ? secretText.copied : secretText.copy}
          </Button>
          <Button onClick={onClose}>{secretText.done}</Button>
        </Group>
      </div>
    </Modal>
  );
}
