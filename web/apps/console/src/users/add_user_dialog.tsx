import { Button, Group, Modal, PasswordInput, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Role } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { accountText } from '../text/account.ts';
import { text } from '../text/everywhere.ts';
import { usersText } from '../text/users.ts';
import { SHORTEST_PASSWORD } from './password.ts';
import { ROLES } from './roles.ts';

export function AddUserDialog({ onClose }: { onClose: () => void }): ReactElement {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: () => request('/api/users', { method: 'POST', json: { name, role, password } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] });
      onClose();
    },
  });
  const nameFault = shown && name.trim() === '' ? usersText.nameMissing : null;
  const passwordFault = shown && password.length < SHORTEST_PASSWORD ? accountText.passwordHint : null;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (name.trim() !== '' && password.length >= SHORTEST_PASSWORD) add.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={usersText.add} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={usersText.name}
            data-autofocus
            autoComplete="off"
            autoCapitalize="none"
            error={nameFault}
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          <Select
            label={usersText.role}
            description={usersText.roleHints[role]}
            data={ROLES.map((value) => ({ value, label: text.roles[value] }))}
            allowDeselect={false}
            value={role}
            onChange={(value) => {
              if (value !== null) setRole(value as Role);
            }}
          />
          <PasswordInput
            label={usersText.password}
            description={accountText.passwordHint}
            autoComplete="new-password"
            error={passwordFault}
            value={password}
            onChange={(event) => {
              setPassword(event.currentTarget.value);
            }}
          />
          {add.error === null ? null : <Failed error={add.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {text.actions.cancel}
            </Button>
            <Button type="submit" loading={add.isPending}>
              {text.actions.add}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
