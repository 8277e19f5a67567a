import { Box, Button, Group, Modal, Text } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

import { text } from '../text/everywhere.ts';

interface ConfirmProps {
  title: string;
  body: string;
  action: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
  /** What else is to be chosen. */
  children?: ReactNode;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, body, action, busy, onConfirm, onClose, children }: ConfirmProps): ReactElement {
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <Text size="sm" c="dimmed">
        {body}
      </Text>
      {children === undefined ? null : <Box mt="md">{children}</Box>}
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
