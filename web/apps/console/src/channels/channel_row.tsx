import { ActionIcon, Button, Menu, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDots, IconMessage2Share, IconPencil, IconSend, IconTrash, IconWebhook } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Channel } from '../api/types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { channelsText } from '../text/channels.ts';
import { text } from '../text/everywhere.ts';
import { Ago } from '../times/time.tsx';
import styles from './channels_page.module.css';

interface ChannelRowProps {
  channel: Channel;
  onEdit: () => void;
  onRemove: () => void;
}

interface Answer {
  ok: boolean;
  message: string;
}

/** One channel: what it is told, how it does, and a test that answers in plain words. */
export function ChannelRow({ channel, onEdit, onRemove }: ChannelRowProps): ReactElement {
  const queries = useQueryClient();
  const path = `/api/channels/${encodeURIComponent(channel.id)}`;
  const change = useMutation({
    mutationFn: (enabled: boolean) => request(path, { method: 'PATCH', json: { enabled } }),
    onError: notifyFailed,
    onSettled: () => queries.invalidateQueries({ queryKey: ['channels'] }),
  });
  const test = useMutation({
    mutationFn: () => request<Answer>(`${path}/test`, { method: 'POST' }),
    onError: notifyFailed,
  });
  const Mark = channel.kind === 'webhook' ? IconWebhook : IconMessage2Share;
  return (
    <li className={styles.row} data-testid="channel-row">
      <span className={styles.kind} aria-hidden>
        <Mark size={22} stroke={1.6} />
      </span>
      <div className={styles.words}>
        <b>{channel.name}</b>
        <code>{channel.address}</code>
        <span>
          {channel.events.map((event) => channelsText.eventNames[event]).join(' · ')} · {channelsText.minSeverity.toLowerCase()}{' '}
          {text.severity[channel.min_severity].toLowerCase()}
        </span>
      </div>
      <State channel={channel} />
      <div className={styles.controls}>
        <Button
          size="sm"
          variant="default"
          leftSection={<IconSend size={16} stroke={1.7} />}
          loading={test.isPending}
          aria-label={channelsText.testOf(channel.name)}
          onClick={() => {
            test.mutate();
          }}
        >
          {channelsText.test}
        </Button>
        <Switch
          aria-label={channelsText.switchOn(channel.name)}
          checked={change.isPending ? change.variables : channel.enabled}
          onChange={(event) => {
            change.mutate(event.currentTarget.checked);
          }}
        />
        <Menu position="bottom-end" width={170}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={36} aria-label={channelsText.actionsFor(channel.name)}>
              <IconDots size={19} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconPencil size={17} />} onClick={onEdit}>
              {text.actions.edit}
            </Menu.Item>
            <Menu.Item color="red" leftSection={<IconTrash size={17} />} onClick={onRemove}>
              {text.actions.delete}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      {test.data === undefined ? null : (
        <p className={styles.answer} role="status" data-ok={test.data.ok || undefined}>
          {test.data.message}
        </p>
      )}
    </li>
  );
}

function State({ channel }: { channel: Channel }): ReactElement {
  const { enabled, waiting, waiting_since, given_up, problem } = channel;
  const tone = !enabled ? 'off' : given_up > 0 || (waiting > 0 && problem !== '') ? 'bad' : waiting > 0 ? 'wait' : 'ok';
  return (
    <div className={styles.state} data-tone={tone}>
      <b>
        <span className={styles.lamp} aria-hidden />
        {!enabled ? channelsText.off : waiting > 0 ? channelsText.waiting(waiting) : given_up > 0 ? channelsText.givenUp(given_up) : channelsText.fine}
      </b>
      {waiting_since === null ? null : (
        <span>
          {channelsText.since} <Ago at={waiting_since} />
        </span>
      )}
      {waiting > 0 && given_up > 0 ? <span>{channelsText.givenUp(given_up)}</span> : null}
      {problem === '' ? null : <span>{problem}</span>}
    </div>
  );
}
