import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconUserX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Negative } from '../api/past_types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { notifyUndo } from '../feedback/undo.tsx';
import { useMay } from '../session/session.ts';
import { searchText } from '../text/search.ts';
import { outdatePast } from './queries.ts';

interface NotThisPersonProps {
  of: { alert_id: string } | { sighting_id: string; person_id: string };
  name: string;
}

/** Says that a face is not the person it was taken for; every engine obeys from then on. */
export default function NotThisPerson({ of, name }: NotThisPersonProps): ReactElement | null {
  const queries = useQueryClient();
  const mayManage = useMay('manage_people');
  const reject = useMutation({
    mutationFn: () => request<Negative>('/api/negatives', { method: 'POST', json: of }),
    onError: notifyFailed,
    onSuccess: async (negative) => {
      notifyUndo(searchText.rejected(name), async () => {
        await request(`/api/negatives/${encodeURIComponent(negative.id)}`, { method: 'DELETE' });
        reject.reset();
        await outdatePast(queries);
      });
      await outdatePast(queries);
    },
  });
  if (!mayManage) return null;
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      leftSection={<IconUserX size={15} />}
      loading={reject.isPending}
      disabled={reject.isSuccess}
      aria-label={searchText.notThisNamed(name)}
      onClick={() => {
        reject.mutate();
      }}
    >
      {reject.isSuccess ? searchText.saidNot : searchText.notThis}
    </Button>
  );
}
