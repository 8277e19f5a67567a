import '../theme/form_styles.ts';

import { ActionIcon, Button, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconListCheck, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { WatchList } from '../api/types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { outdatePeople, useWatchLists } from '../people/queries.ts';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { watchListsText } from '../text/watch_lists.ts';
import { WatchListDialog } from './watch_list_dialog.tsx';
import styles from './watch_lists_page.module.css';

type Open = { kind: 'edit'; list: WatchList | null } | { kind: 'remove'; list: WatchList } | null;

/** The lists whose people raise alerts. */
export default function WatchListsPage(): ReactElement {
  const lists = useWatchLists();
  const [open, setOpen] = useState<Open>(null);
  const mayManage = useMay('manage_people');
  const close = (): void => {
    setOpen(null);
  };
  const addButton = mayManage ? (
    <Button
      leftSection={<IconPlus size={18} />}
      onClick={() => {
        setOpen({ kind: 'edit', list: null });
      }}
    >
      {watchListsText.add}
    </Button>
  ) : undefined;
  return (
    <Page title={watchListsText.title} actions={addButton}>
      {lists.error !== null && lists.data === undefined ? (
        <Failed error={lists.error} onRetry={lists.refetch} />
      ) : lists.data === undefined ? (
        <LoadingRows label={watchListsText.title} rows={3} height={72} />
      ) : lists.data.length === 0 ? (
        <Empty icon={<IconListCheck size={30} stroke={1.4} />} title={watchListsText.emptyTitle} action={addButton}>
          {watchListsText.empty}
        </Empty>
      ) : (
        <ul className={styles.rows}>
          {lists.data.map((list) => (
            <Row key={list.id} list={list} mayManage={mayManage} onOpen={setOpen} />
          ))}
        </ul>
      )}
      {open?.kind === 'edit' ? <WatchListDialog list={open.list} onClose={close} /> : null}
      {open?.kind === 'remove' ? <RemoveDialog list={open.list} onClose={close} /> : null}
    </Page>
  );
}

interface RowProps {
  list: WatchList;
  mayManage: boolean;
  onOpen: (open: Open) => void;
}

function Row({ list, mayManage, onOpen }: RowProps): ReactElement {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (enabled: boolean) => request(`/api/watch-lists/${list.id}`, { method: 'PATCH', json: { enabled } }),
    onError: notifyFailed,
    onSettled: () => outdatePeople(queries),
  });
  return (
    <li className={styles.row} data-severity={list.severity} data-testid="watch-list">
      <div className={styles.words}>
        <b>{list.name}</b>
        <span>
          <em>{text.severity[list.severity]}</em> · <Link to={`/people?list=${list.id}`}>{watchListsText.people(list.people)}</Link>
        </span>
      </div>
      {mayManage ? (
        <>
          <Switch
            aria-label={watchListsText.switchOn(list.name)}
            checked={change.isPending ? change.variables : list.enabled}
            onChange={(event) => {
              change.mutate(event.currentTarget.checked);
            }}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size={36}
            aria-label={watchListsText.edit(list.name)}
            onClick={() => {
              onOpen({ kind: 'edit', list });
            }}
          >
            <IconPencil size={18} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="red"
            size={36}
            aria-label={watchListsText.delete(list.name)}
            onClick={() => {
              onOpen({ kind: 'remove', list });
            }}
          >
            <IconTrash size={18} />
          </ActionIcon>
        </>
      ) : null}
    </li>
  );
}

function RemoveDialog({ list, onClose }: { list: WatchList; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`/api/watch-lists/${list.id}`, { method: 'DELETE' }),
    onSuccess: onClose,
    onError: notifyFailed,
    onSettled: () => outdatePeople(queries),
  });
  return (
    <Confirm
      title={watchListsText.removeTitle(list.name)}
      body={watchListsText.remove}
      action={text.actions.delete}
      busy={remove.isPending}
      onConfirm={() => {
        remove.mutate();
      }}
      onClose={onClose}
    />
  );
}
