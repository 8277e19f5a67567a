import '../theme/form_styles.ts';

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconBroadcast, IconPlus } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Channel } from '../api/types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { SecretDialog } from '../feedback/secret_dialog.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { channelsText } from '../text/channels.ts';
import { text } from '../text/everywhere.ts';
import { ChannelDialog } from './channel_dialog.tsx';
import { ChannelRow } from './channel_row.tsx';
import styles from './channels_page.module.css';
import { DeadLetters } from './dead_letters.tsx';
import { useChannels } from './queries.ts';

type Open = { kind: 'add' } | { kind: 'edit' | 'remove'; channel: Channel } | { kind: 'secret'; secret: string } | null;

/** The ways to people and programs outside: how each does, and what could not be told. */
export default function ChannelsPage(): ReactElement {
  const channels = useChannels();
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => {
    setOpen(null);
  };
  const saved = (secret: string | null): void => {
    setOpen(secret === null ? null : { kind: 'secret', secret });
  };
  const addButton = (
    <Button
      leftSection={<IconPlus size={18} />}
      onClick={() => {
        setOpen({ kind: 'add' });
      }}
    >
      {channelsText.add}
    </Button>
  );
  return (
    <Page title={channelsText.title} actions={addButton}>
      {channels.error !== null && channels.data === undefined ? (
        <Failed error={channels.error} onRetry={channels.refetch} />
      ) : channels.data === undefined ? (
        <LoadingRows label={channelsText.title} rows={3} height={84} />
      ) : channels.data.length === 0 ? (
        <Empty icon={<IconBroadcast size={30} stroke={1.4} />} title={channelsText.emptyTitle}>
          {channelsText.empty}
        </Empty>
      ) : (
        <ul className={styles.rows}>
          {channels.data.map((channel) => (
            <ChannelRow
              key={channel.id}
              channel={channel}
              onEdit={() => {
                setOpen({ kind: 'edit', channel });
              }}
              onRemove={() => {
                setOpen({ kind: 'remove', channel });
              }}
            />
          ))}
        </ul>
      )}
      <DeadLetters />
      {open?.kind === 'add' ? <ChannelDialog onSaved={saved} onClose={close} /> : null}
      {open?.kind === 'edit' ? <ChannelDialog channel={open.channel} onSaved={saved} onClose={close} /> : null}
      {open?.kind === 'secret' ? (
        <SecretDialog title={channelsText.secretTitle} lead={channelsText.secretLead} secret={open.secret} onClose={close} />
      ) : null}
      {open?.kind === 'remove' ? <RemoveDialog channel={open.channel} onClose={close} /> : null}
    </Page>
  );
}

function RemoveDialog({ channel, onClose }: { channel: Channel; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`/api/channels/${encodeURIComponent(channel.id)}`, { method: 'DELETE' }),
    onError: notifyFailed,
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['channels'] });
      onClose();
    },
  });
  return (
    <Confirm
      title={channelsText.removeTitle(channel.name)}
      body={channelsText.remove}
      action={text.actions.delete}
      busy={remove.isPending}
      onConfirm={() => {
        remove.mutate();
      }}
      onClose={onClose}
    />
  );
}
