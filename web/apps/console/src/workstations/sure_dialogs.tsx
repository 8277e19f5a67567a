import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Workstation } from '../api/workstation_types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyFailed } from '../feedback/notify.ts';
import { text } from '../text/everywhere.ts';
import { workstationsText } from '../text/workstations.ts';
import { outdateWorkstations, workstationUrl } from './queries.ts';

interface NewTokenDialogProps {
  workstation: Workstation;
  onMade: (name: string, token: string) => void;
  onClose: () => void;
}

export function NewTokenDialog({ workstation, onMade, onClose }: NewTokenDialogProps): ReactElement {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => request<{ token: string }>(`${workstationUrl(workstation.id)}/token`, { method: 'POST' }),
    onError: notifyFailed,
    onSuccess: ({ token }) => {
      onMade(workstation.name, token);
    },
    onSettled: () => outdateWorkstations(queries),
  });
  return (
    <Confirm
      title={workstationsText.tokenTitle(workstation.name)}
      body={workstationsText.tokenBody}
      action={workstationsText.newToken}
      busy={make.isPending}
      onConfirm={() => {
        make.mutate();
      }}
      onClose={onClose}
    />
  );
}

export function RemoveDialog({ workstation, onClose }: { workstation: Workstation; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(workstationUrl(workstation.id), { method: 'DELETE' }),
    onError: notifyFailed,
    onSettled: async () => {
      await outdateWorkstations(queries);
      onClose();
    },
  });
  return (
    <Confirm
      title={workstationsText.removeTitle(workstation.name)}
      body={workstationsText.remove}
      action={text.actions.remove}
      busy={remove.isPending}
      onConfirm={() => {
        remove.mutate();
      }}
      onClose={onClose}
    />
  );
}
