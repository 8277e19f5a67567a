import { Button, Modal, PasswordInput, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Account } from '../api/types.ts';
import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { accountText } from '../text/account.ts';
import { text } from '../text/everywhere.ts';
import { usersText } from '../text/users.ts';
import { SHORTEST_PASSWORD } from './password.ts';

/** An administrator gives somebody a new password. */
export function SetPasswordDialog({ account, onClose }: { account: Account; onClose: () => void }): ReactElement {
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  const change = useMutation({
    mutationFn: () =>
      request(`/api/users/${encodeURIComponent(account.id)}/password`, { method: 'PUT', json: { password } }),
    onSuccess: () => {
      notifyDone(text.actions.saved);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (password.length < SHORTEST_PASSWORD) setWrong(accountText.passwordHint);
    else change.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={usersText.setPasswordFor(account.name)}
      closeButtonProps={{ 'aria-label': text.actions.close }}
    >
      <form onSubmit={submit} noValidate>
        <Stack>
          <PasswordInput
            label={accountText.newPassword}
            description={accountText.passwordHint}
            data-autofocus
            autoComplete="new-password"
            error={wrong}
            value={password}
            onChange={(event) => {
              setPassword(event.currentTarget.value);
              setWrong(null);
            }}
          />
          {change.error === null ? null : <Failed error={change.error} />}
          <Button type="submit" loading={change.isPending}>
            {text.actions.save}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
