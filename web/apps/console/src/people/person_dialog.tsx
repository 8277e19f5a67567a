import { Button, Group, Modal, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { Person, PersonDraft } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';
import { peopleText } from '../text/people.ts';
import { draftOf, faultsOf, NO_PERSON } from './person_draft.ts';
import { outdatePeople, personUrl } from './queries.ts';
import { WatchListPicker } from './watch_list_picker.tsx';

interface PersonDialogProps {
  /** Whom to edit; without, somebody new. */
  person?: Person;
  onClose: () => void;
  onSaved?: (person: Person) => void;
}

export function PersonDialog({ person, onClose, onSaved }: PersonDialogProps): ReactElement {
  const [draft, setDraft] = useState<PersonDraft>(person === undefined ? NO_PERSON : draftOf(person));
  const [shown, setShown] = useState(false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      person === undefined
        ? request<Person>('/api/people', { method: 'POST', json: draft })
        : request<Person>(personUrl(person.id), { method: 'PATCH', json: draft }),
    onSuccess: async (saved) => {
      await outdatePeople(queries);
      onClose();
      onSaved?.(saved);
    },
  });
  const faults = shown ? faultsOf(draft) : {};
  const set = (change: Partial<PersonDraft>): void => {
    setDraft({ ...draft, ...change });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (Object.keys(faultsOf(draft)).length === 0) save.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={person?.name ?? peopleText.add} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Group grow align="flex-start">
            <TextInput
              label={peopleText.firstName}
              data-autofocus
              required
              error={faults.first_name}
              value={draft.first_name}
              onChange={(event) => {
                set({ first_name: event.currentTarget.value });
              }}
            />
            <TextInput
              label={peopleText.lastName}
              value={draft.last_name}
              onChange={(event) => {
                set({ last_name: event.currentTarget.value });
              }}
            />
          </Group>
          <NumberInput
            label={peopleText.age}
            w={130}
            min={0}
            max={130}
            allowDecimal={false}
            error={faults.age}
            value={draft.age ?? ''}
            onChange={(value) => {
              set({ age: typeof value === 'number' ? value : null });
            }}
          />
          <Textarea
            label={peopleText.description}
            description={peopleText.descriptionHint}
            autosize
            minRows={2}
            value={draft.description}
            onChange={(event) => {
              set({ description: event.currentTarget.value });
            }}
          />
          <WatchListPicker
            value={draft.watch_lists}
            onChange={(watch_lists) => {
              set({ watch_lists });
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
