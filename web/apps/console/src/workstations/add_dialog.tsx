import { Button, Group, Modal, MultiSelect, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Workstation } from '../api/workstation_types.ts';
import { Failed } from '../feedback/states.tsx';
import { usePeople } from '../people/queries.ts';
import { text } from '../text/everywhere.ts';
import { workstationsText } from '../text/workstations.ts';
import { outdateWorkstations, workstationUrl } from './queries.ts';

const LONGEST_NAME = 64;

interface AddDialogProps {
  onAdded: (name: string, token: string) => void;
  onClose: () => void;
}

/** A new workstation, who may sit there, and its token. */
export function AddDialog({ onAdded, onClose }: AddDialogProps): ReactElement {
  const queries = useQueryClient();
  const people = usePeople({}).data?.pages.flatMap((page) => page.people) ?? [];
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [missing, setMissing] = useState(false);
  const add = useMutation({
    mutationFn: async () => {
      const made = await request<Workstation>('/api/workstations', { method: 'POST', json: { name: name.trim() } });
      const path = workstationUrl(made.id);
      for (const person of chosen) await request(`${path}/people/${encodeURIComponent(person)}`, { method: 'PUT' });
      return await request<{ token: string }>(`${path}/token`, { method: 'POST' });
    },
    onSuccess: ({ token }) => {
      onAdded(name.trim(), token);
    },
    onSettled: () => outdateWorkstations(queries),
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (name.trim() === '') setMissing(true);
    else add.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={workstationsText.add} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={workstationsText.name}
            data-autofocus
            maxLength={LONGEST_NAME}
            error={missing ? workstationsText.nameMissing : null}
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
              setMissing(false);
            }}
          />
          <MultiSelect
            label={workstationsText.peopleOf}
            description={workstationsText.personHint}
            searchable
            data={people.map((one) => ({ value: one.id, label: one.name }))}
            value={chosen}
            onChange={setChosen}
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
