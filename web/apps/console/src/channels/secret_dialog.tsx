import { Button, Group, Modal } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { channelsText } from '../text/channels.ts';
import styles from './channels_page.module.css';

const COPIED_MS = 2_000;

/** Shows a webhook's secret, this once. It is closed by a button, not by a click beside it. */
export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }): ReactElement {
  const clipboard = useClipboard({ timeout: COPIED_MS });
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      title={channelsText.secretTitle}
    >
      <div className={styles.form}>
        <p>{channelsText.secretLead}</p>
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
            {clipboard.copied ? channelsText.copied : channelsText.copy}
          </Button>
          <Button onClick={onClose}>{channelsText.secretDone}</Button>
        </Group>
      </div>
    </Modal>
  );
}
