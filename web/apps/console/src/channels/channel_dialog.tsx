import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';

import { Button, Checkbox, Group, Modal, SegmentedControl, Select, TextInput } from '@mantine/core';
import type { Severity } from '@sightline/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Channel, ChannelEvent, ChannelKind, ChannelMade } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { channelsText } from '../text/channels.ts';
import { text } from '../text/everywhere.ts';
import type { ChannelDraft } from './channel_draft.ts';
import { changeOf, draftOf, faultsOf, NEW_CHANNEL, newSecret } from './channel_draft.ts';
import styles from './channels_page.module.css';

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical'];
const EVENTS: readonly ChannelEvent[] = ['alert_triggered', 'alert_unanswered', 'alert_updated'];

interface ChannelDialogProps {
  channel?: Channel;
  /** With the secret that has to be shown now, if there is a new one. */
  onSaved: (secret: string | null) => void;
  onClose: () => void;
}

/** Adds a channel, or changes one. */
export function ChannelDialog({ channel, onSaved, onClose }: ChannelDialogProps): ReactElement {
  const [draft, setDraft] = useState<ChannelDraft>(channel === undefined ? NEW_CHANNEL : draftOf(channel));
  const [shown, setShown] = useState(false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => (channel === undefined ? create(draft) : change(channel, draft)),
    onSuccess: async (secret) => {
      await queries.invalidateQueries({ queryKey: ['channels'] });
      onSaved(secret);
    },
  });
  const faults = shown ? faultsOf(draft, channel === undefined) : {};
  const set = (changed: Partial<ChannelDraft>): void => {
    setDraft({ ...draft, ...changed });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (Object.keys(faultsOf(draft, channel === undefined)).length === 0) save.mutate();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={channel === undefined ? channelsText.add : channelsText.editTitle(channel.name)}
      closeButtonProps={{ 'aria-label': text.actions.close }}
    >
      <form onSubmit={submit} noValidate className={styles.form}>
        {channel === undefined ? (
          <SegmentedControl
            fullWidth
            aria-label={channelsText.kind}
            data={(['webhook', 'apprise'] as const).map((value) => ({ value, label: channelsText.kinds[value] }))}
            value={draft.kind}
            onChange={(kind) => {
              set({ kind: kind as ChannelKind });
            }}
          />
        ) : null}
        <TextInput
          label={channelsText.name}
          data-autofocus
          error={faults.name}
          value={draft.name}
          onChange={(event) => {
            set({ name: event.currentTarget.value });
          }}
        />
        <Address draft={draft} error={faults.address} keeps={channel?.address} onChange={set} />
        <Checkbox.Group
          label={channelsText.events}
          error={faults.events}
          value={draft.events}
          onChange={(events) => {
            set({ events: events as ChannelEvent[] });
          }}
        >
          <div className={styles.choices}>
            {EVENTS.map((event) => (
              <Checkbox key={event} value={event} label={channelsText.eventNames[event]} />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          w={210}
          label={channelsText.minSeverity}
          allowDeselect={false}
          data={SEVERITIES.map((value) => ({ value, label: text.severity[value] }))}
          value={draft.min_severity}
          onChange={(value) => {
            if (value !== null) set({ min_severity: value as Severity });
          }}
        />
        {save.error === null ? null : <Failed error={save.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {text.actions.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

interface AddressProps {
  draft: ChannelDraft;
  error: string | undefined;
  keeps: string | undefined;
  onChange: (change: Partial<ChannelDraft>) => void;
}

function Address({ draft, error, keeps, onChange }: AddressProps): ReactElement {
  const webhook = draft.kind === 'webhook';
  return (
    <div>
      <TextInput
        label={channelsText.address}
        description={keeps !== undefined ? channelsText.addressKept : webhook ? channelsText.webhookHint : channelsText.appriseHint}
        placeholder={keeps ?? (webhook ? 'https://hooks.example.org/sightline' : '')}
        autoComplete="off"
        spellCheck={false}
        error={error}
        value={draft.address}
        onChange={(event) => {
          onChange({ address: event.currentTarget.value });
        }}
      />
      {webhook ? null : (
        <div className={styles.examples}>
          {channelsText.examples.map(([address, what]) => (
            <button
              key={what}
              type="button"
              onClick={() => {
                onChange({ address });
              }}
            >
              {what}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

async function create(draft: ChannelDraft): Promise<string | null> {
  const json = { ...draft, name: draft.name.trim(), address: draft.address.trim() };
  return (await request<ChannelMade>('/api/channels', { method: 'POST', json })).secret;
}

async function change(channel: Channel, draft: ChannelDraft): Promise<string | null> {
  const secret = newSecret();
  const json = changeOf(draft, () => secret);
  await request(`/api/channels/${encodeURIComponent(channel.id)}`, { method: 'PATCH', json });
  return 'secret' in json ? secret : null;
}
