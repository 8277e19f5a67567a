import { ActionIcon, Menu, Select } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconKey, IconLock, IconLockOpen, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Account, Role } from '../api/types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { useSession } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { usersText } from '../text/users.ts';
import { Day } from '../times/time.tsx';
import { ROLES } from './roles.ts';
import styles from './users_page.module.css';

interface UserRowProps {
  account: Account;
  onSetPassword: () => void;
  onRemove: () => void;
}

export function UserRow({ account, onSetPassword, onRemove }: UserRowProps): ReactElement {
  const queries = useQueryClient();
  const me = useSession()?.user.id === account.id;
  const change = useMutation({
    mutationFn: (changes: { role?: Role; disabled?: boolean }) =>
      request(`/api/users/${encodeURIComponent(account.id)}`, { method: 'PATCH', json: changes }),
    onError: notifyFailed,
    onSettled: () => queries.invalidateQueries({ queryKey: ['users'] }),
  });
  return (
    <li className={styles.row} data-disabled={account.disabled || undefined} data-testid="user-row">
      <span className={styles.initial} aria-hidden>
        {account.name.slice(0, 1).toUpperCase()}
      </span>
      <div className={styles.words}>
        <b>
          {account.name}
          {me ? ` (${usersText.you})` : ''}
        </b>
        <span>
          {usersText.since} <Day at={account.created_at} />
        </span>
      </div>
      <div>
        <Select
          aria-label={usersText.roleOf(account.name)}
          data={ROLES.map((value) => ({ value, label: text.roles[value] }))}
          allowDeselect={false}
          disabled={me || change.isPending}
          value={account.role}
          onChange={(role) => {
            if (role !== null) change.mutate({ role: role as Role });
          }}
        />
      </div>
      <span className={styles.state}>{account.disabled ? usersText.disabled : usersText.active}</span>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={usersText.actionsFor(account.name)}>
            <IconDots size={19} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconKey size={17} />} onClick={onSetPassword}>
            {usersText.setPassword}
          </Menu.Item>
          {me ? null : (
            <>
              <Menu.Item
                leftSection={account.disabled ? <IconLockOpen size={17} /> : <IconLock size={17} />}
                onClick={() => {
                  change.mutate({ disabled: !account.disabled });
                }}
              >
                {account.disabled ? usersText.enable : usersText.disable}
              </Menu.Item>
              <Menu.Item color="red" leftSection={<IconTrash size={17} />} onClick={onRemove}>
                {text.actions.delete}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </li>
  );
}
