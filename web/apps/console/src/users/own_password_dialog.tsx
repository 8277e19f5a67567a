import { Button, Modal, PasswordInput, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { accountText } from '../text/account.ts';
import { text } from '../text/everywhere.ts';
import { SHORTEST_PASSWORD } from './password.ts';

/** Changes the password of whoever is signed in. */
export default function OwnPasswordDialog({ onClose }: { onClose: () => void }): ReactElement {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  const change = useMutation({
    mutationFn: () => request('/api/me/password', { method: 'PUT', json: { current, password } }),
    onSuccess: () => {
      notifyDone(accountText.passwordChanged);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (password.length < SHORTEST_PASSWORD) setWrong(accountText.passwordHint);
    else change.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={accountText.changePassword} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <PasswordInput
            label={accountText.currentPassword}
            autoComplete="current-password"
            data-autofocus
            value={current}
            onChange={(event) => {
              setCurrent(event.currentTarget.value);
            }}
          />
          <PasswordInput
            label={accountText.newPassword}
            description={accountText.passwordHint}
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
