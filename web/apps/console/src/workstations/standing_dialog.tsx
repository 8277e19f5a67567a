import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement, SyntheticEvent } from 'react';
import { useState } from 'react';

import { request } from '../api/http.ts';
import type { StandingStep } from '../api/workstation_types.ts';
import { notifyDone } from '../feedback/notify.ts';
import { Failed } from '../feedback/states.tsx';
import { text } from '../text/everywhere.ts';
import { workstationsText } from '../text/workstations.ts';
import { outdateWorkstations } from './queries.ts';

const LONGEST_REASON = 500;

interface StandingDialogProps {
  personId: string;
  name: string;
  step: StandingStep;
  onClose: () => void;
}

/** Pauses, resumes, blocks or unblocks somebody: says what that does, and asks why. */
export function StandingDialog({ personId, name, step, onClose }: StandingDialogProps): ReactElement {
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const change = useMutation({
    mutationFn: () =>
      request(`/api/workstations/users/${encodeURIComponent(personId)}/${step}`, { method: 'POST', json: { reason: reason.trim() } }),
    onSuccess: async () => {
      notifyDone(workstationsText.stepDone[step](name));
      onClose();
      await outdateWorkstations(queries);
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (reason.trim() === '') setMissing(true);
    else change.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={workstationsText.stepOf[step](name)} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm" c="dimmed">
            {workstationsText.stepLeads[step]}
          </Text>
          <TextInput
            label={workstationsText.reason}
            description={workstationsText.reasonHint}
            data-autofocus
            maxLength={LONGEST_REASON}
            error={missing ? workstationsText.reasonMissing : null}
            value={reason}
            onChange={(event) => {
              setReason(event.currentTarget.value);
              setMissing(false);
            }}
          />
          {change.error === null ? null : <Failed error={change.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {text.actions.cancel}
            </Button>
            <Button type="submit" {...(step === 'block' ? { color: 'red' } : {})} loading={change.isPending}>
              {workstationsText.steps[step]}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
