import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import type { Severity } from '@sightline/client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { WatchList } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { outdatePeople } from '../people/queries.ts';
import { text } from '../text/everywhere.ts';
import { watchListsText } from '../text/watch_lists.ts';

const SEVERITIES: readonly Severity[] = ['critical', 'error', 'warning', 'info'];

/** A new watch list, or an existing one to change. */
export function WatchListDialog({ list, onClose }: { list: WatchList | null; onClose: () => void }): ReactElement {
  const [name, setName] = useState(list?.name ?? '');
  const [severity, setSeverity] = useState<Severity>(list?.severity ?? 'critical');
  const [missing, setMissing] = useState(false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      list === null
        ? request('/api/watch-lists', { method: 'POST', json: { name, severity } })
        : request(`/api/watch-lists/${list.id}`, { method: 'PATCH', json: { name, severity } }),
    onSuccess: async () => {
      await outdatePeople(queries);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (name.trim() === '') setMissing(true);
    else save.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={list?.name ?? watchListsText.add} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={watchListsText.name}
            data-autofocus
            error={missing ? watchListsText.nameMissing : null}
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
              setMissing(false);
            }}
          />
          <Select
            label={watchListsText.severity}
            data={SEVERITIES.map((value) => ({ value, label: text.severity[value] }))}
            allowDeselect={false}
            value={severity}
            onChange={(value) => {
              if (value !== null) setSeverity(value as Severity);
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
        </Stack>
      </form>
    </Modal>
  );
}
