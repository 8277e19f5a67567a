import { Button, Group, Modal, Text } from '@mantine/core';
import type { ReactElement } from 'react';

import { text } from '../text/everywhere.ts';

interface ConfirmProps {
  title: string;
  body: string;
  action: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, body, action, busy, onConfirm, onClose }: ConfirmProps): ReactElement {
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <Text size="sm" c="dimmed">
        {body}
      </Text>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose} data-autofocus>
          {text.actions.cancel}
        </Button>
        <Button color="red" loading={busy} onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
