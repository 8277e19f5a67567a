import { Button, Group, Modal, NumberInput, SegmentedControl, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { request } from '../api/http.ts';
import type { Enrolled, Stranger } from '../api/past_types.ts';
import type { PersonDraft } from '../api/types.ts';
import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { faultsOf, NO_PERSON } from '../people/person_draft.ts';
import { outdatePeople, usePeople } from '../people/queries.ts';
import { WatchListPicker } from '../people/watch_list_picker.tsx';
import { endsSomebody, outdatePast } from '../search/queries.ts';
import { text } from '../text/everywhere.ts';
import { peopleText } from '../text/people.ts';
import { strangersText } from '../text/strangers.ts';
import { strangerUrl } from './queries.ts';

/** Says who a stranger is: somebody new, or somebody enrolled already. */
export function EnrolDialog({ stranger, onClose }: { stranger: Stranger; onClose: () => void }): ReactElement {
  const [kind, setKind] = useState<'new' | 'known'>('new');
  const [draft, setDraft] = useState<PersonDraft>(NO_PERSON);
  const [personId, setPersonId] = useState<string | null>(null);
  const [shown, setShown] = useState(false);
  const people = usePeople({}).data?.pages.flatMap((page) => page.people) ?? [];
  const queries = useQueryClient();
  const navigate = useNavigate();
  const enrol = useMutation({
    ...endsSomebody(queries),
    mutationFn: () =>
      request<Enrolled>(`${strangerUrl(stranger.id)}/enrol`, {
        method: 'POST',
        json: kind === 'new' ? { person: draft } : { person_id: personId },
      }),
    onSuccess: async ({ person, references }) => {
      await Promise.all([outdatePeople(queries), outdatePast(queries, true)]);
      notifyDone(strangersText.enrolled(person.name, references.length));
      await navigate(`/people/${person.id}`);
    },
  });
  const faults = shown ? faultsOf(draft) : {};
  const set = (change: Partial<PersonDraft>): void => {
    setDraft({ ...draft, ...change });
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setShown(true);
    if (kind === 'new' ? Object.keys(faultsOf(draft)).length === 0 : personId !== null) enrol.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={strangersText.enrolTitle(stranger.number)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <SegmentedControl
            aria-label={strangersText.enrolAs}
            data={[
              { value: 'new', label: strangersText.somebodyNew },
              { value: 'known', label: strangersText.somebodyKnown },
            ]}
            value={kind}
            onChange={setKind}
          />
          {kind === 'known' ? (
            <Select
              label={strangersText.person}
              searchable
              error={shown && personId === null ? strangersText.personMissing : undefined}
              data={people.map(({ id, name }) => ({ value: id, label: name }))}
              value={personId}
              onChange={setPersonId}
            />
          ) : (
            <>
              <Group grow align="flex-start">
                <TextInput label={peopleText.firstName} data-autofocus required error={faults.first_name} value={draft.first_name} onChange={(event) => {
                  set({ first_name: event.currentTarget.value });
                }} />
                <TextInput label={peopleText.lastName} value={draft.last_name} onChange={(event) => {
                  set({ last_name: event.currentTarget.value });
                }} />
              </Group>
              <NumberInput label={peopleText.age} w={130} min={0} max={130} allowDecimal={false} error={faults.age} value={draft.age ?? ''} onChange={(value) => {
                set({ age: typeof value === 'number' ? value : null });
              }} />
              <Textarea label={peopleText.description} description={peopleText.descriptionHint} autosize minRows={2} value={draft.description} onChange={(event) => {
                set({ description: event.currentTarget.value });
              }} />
              <WatchListPicker value={draft.watch_lists} onChange={(watch_lists) => {
                set({ watch_lists });
              }} />
            </>
          )}
          {enrol.error === null ? null : <Failed error={enrol.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {text.actions.cancel}
            </Button>
            <Button type="submit" loading={enrol.isPending}>
              {strangersText.enrol}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
