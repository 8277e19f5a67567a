import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { ErasureReceipt, Person } from '../api/types.ts';
import { Failed } from '../feedback/states.tsx';
import { endsSomebody } from '../search/queries.ts';
import { text } from '../text/everywhere.ts';
import { peopleText } from '../text/people.ts';
import { FootageChoice } from './person_footage.tsx';
import { personUrl } from './queries.ts';

interface EraseDialogProps {
  person: Person;
  onClose: () => void;
  onErased: (receipt: ErasureReceipt) => void;
}

/** Erases a person, after their name was typed: a slip of the finger must not be enough. */
export function EraseDialog({ person, onClose, onErased }: EraseDialogProps): ReactElement {
  const [typed, setTyped] = useState('');
  const [footageToo, setFootageToo] = useState(false);
  const queries = useQueryClient();
  const erase = useMutation({
    ...endsSomebody(queries),
    mutationFn: () => request<ErasureReceipt>(`${personUrl(person.id)}${footageToo ? '?footage=true' : ''}`, { method: 'DELETE' }),
    onSuccess: (receipt) => {
      onErased(receipt);
      // Pictures of this person must not linger in this page's memory either.
      queries.removeQueries({ queryKey: ['picture'] });
      // Only the lists are read again: to ask for the person would find nobody.
      void queries.invalidateQueries({ queryKey: ['people', 'list'] });
      void queries.invalidateQueries({ queryKey: ['watch-lists'] });
      void queries.invalidateQueries({ queryKey: ['alerts'] });
    },
  });
  return (
    <Modal opened onClose={onClose} title={peopleText.erase} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <Stack>
        <Text size="sm">{peopleText.eraseLead}</Text>
        <FootageChoice owner={personUrl(person.id)} chosen={footageToo} onChange={setFootageToo} />
        <TextInput
          label={peopleText.eraseConfirm(person.name)}
          data-autofocus
          autoComplete="off"
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
          }}
        />
        {erase.error === null ? null : <Failed error={erase.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button
            color="red"
            disabled={typed.trim() !== person.name}
            loading={erase.isPending}
            onClick={() => {
              erase.mutate();
            }}
          >
            {peopleText.eraseButton}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
