import { Button, Group, Modal, Select, Stack } from '@mantine/core';
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

/** One more person may sit at a workstation. */
export function AllowDialog({ workstation, onClose }: { workstation: Workstation; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const people = usePeople({}).data?.pages.flatMap((page) => page.people) ?? [];
  const others = people.filter(({ id }) => workstation.sitters.every(({ person_id }) => person_id !== id));
  const [personId, setPersonId] = useState<string | null>(null);
  const [missing, setMissing] = useState(false);
  const allow = useMutation({
    mutationFn: () =>
      request(`${workstationUrl(workstation.id)}/people/${encodeURIComponent(personId ?? '')}`, { method: 'PUT' }),
    onSuccess: async () => {
      await outdateWorkstations(queries);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (personId === null) setMissing(true);
    else allow.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={workstationsText.allowTitle(workstation.name)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Select
            label={workstationsText.person}
            description={workstationsText.personHint}
            data-autofocus
            searchable
            error={missing ? workstationsText.personMissing : null}
            data={others.map((one) => ({ value: one.id, label: one.name }))}
            value={personId}
            onChange={(value) => {
              setPersonId(value);
              setMissing(false);
            }}
          />
          {allow.error === null ? null : <Failed error={allow.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {text.actions.cancel}
            </Button>
            <Button type="submit" loading={allow.isPending}>
              {text.actions.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
