import { Button } from '@mantine/core';
import { IconClock } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import type { Schedule } from '../api/view_types.ts';
import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { hoursInWords } from './hours.ts';

const ScheduleDialog = fetched(() => import('./schedule_dialog.tsx'));

interface ScheduleButtonProps {
  value: Schedule | null;
  mayEdit: boolean;
  onChange: (schedule: Schedule | null) => void;
}

/** When something counts, in words; opens the editor of the week. */
export function ScheduleButton({ value, mayEdit, onChange }: ScheduleButtonProps): ReactElement {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        size="xs"
        variant="subtle"
        color="gray"
        disabled={!mayEdit}
        leftSection={<IconClock size={16} />}
        onClick={() => {
          setOpen(true);
        }}
      >
        {hoursInWords(value)}
      </Button>
      {open ? (
        <OptionalPart>
          <ScheduleDialog
            value={value}
            onClose={() => {
              setOpen(false);
            }}
            onChange={onChange}
          />
        </OptionalPart>
      ) : null}
    </>
  );
}
