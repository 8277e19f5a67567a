import '../theme/form_styles.ts';

import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconUserShield } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Account } from '../api/types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';
import { usersText } from '../text/users.ts';
import { AddUserDialog } from './add_user_dialog.tsx';
import { SetPasswordDialog } from './set_password_dialog.tsx';
import { UserRow } from './user_row.tsx';
import styles from './users_page.module.css';

type Open = { kind: 'add' } | { kind: 'password' | 'remove'; account: Account } | null;

/** Who may sign in, as what. */
export default function UsersPage(): ReactElement {
  const users = useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => request<Account[]>('/api/users', { signal }),
  });
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => {
    setOpen(null);
  };
  return (
    <Page
      title={usersText.title}
      actions={
        <Button
          leftSection={<IconPlus size={18} />}
          onClick={() => {
            setOpen({ kind: 'add' });
          }}
        >
          {usersText.add}
        </Button>
      }
    >
      {users.error !== null && users.data === undefined ? (
        <Failed error={users.error} onRetry={users.refetch} />
      ) : users.data === undefined ? (
        <LoadingRows label={usersText.title} rows={3} height={68} />
      ) : users.data.length === 0 ? (
        <Empty icon={<IconUserShield size={30} stroke={1.4} />} title={usersText.title} />
      ) : (
        <ul className={styles.rows}>
          {users.data.map((account) => (
            <UserRow
              key={account.id}
              account={account}
              onSetPassword={() => {
                setOpen({ kind: 'password', account });
              }}
              onRemove={() => {
                setOpen({ kind: 'remove', account });
              }}
            />
          ))}
        </ul>
      )}
      {open?.kind === 'add' ? <AddUserDialog onClose={close} /> : null}
      {open?.kind === 'password' ? <SetPasswordDialog account={open.account} onClose={close} /> : null}
      {open?.kind === 'remove' ? <RemoveDialog account={open.account} onClose={close} /> : null}
    </Page>
  );
}

function RemoveDialog({ account, onClose }: { account: Account; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`/api/users/${encodeURIComponent(account.id)}`, { method: 'DELETE' }),
    onError: notifyFailed,
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] });
      onClose();
    },
  });
  return (
    <Confirm
      title={usersText.removeTitle(account.name)}
      body={usersText.remove}
      action={text.actions.delete}
      busy={remove.isPending}
      onConfirm={() => {
        remove.mutate();
      }}
      onClose={onClose}
    />
  );
}
