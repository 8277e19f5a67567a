import '@mantine/core/styles/Chip.css';

import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';

import type { Schedule } from '../api/view_types.ts';
import { faultsOf } from '../duty/roster_draft.ts';
import { ShiftLines } from '../duty/shift_lines.tsx';
import { text } from '../text/everywhere.ts';
import { weekText } from '../text/week.ts';
import { zonesText } from '../text/zones.ts';
import { linesOf, scheduleOf } from './hours.ts';
import styles from './editor.module.css';

interface ScheduleDialogProps {
  value: Schedule | null;
  onClose: () => void;
  onChange: (schedule: Schedule | null) => void;
}

/** The hours of the week in which something counts. */
export default function ScheduleDialog({ value, onClose, onChange }: ScheduleDialogProps): ReactElement {
  const [lines, setLines] = useState(() => linesOf(value));
  const [shown, setShown] = useState(false);
  const faults = faultsOf(lines).shifts;
  return (
    <Modal opened onClose={onClose} size="lg" title={zonesText.when} closeButtonProps={{ 'aria-label': text.actions.close }}>
      <Stack className={styles.week}>
        <Text size="sm" c="dimmed">
          {zonesText.whenHint}
        </Text>
        <ShiftLines
          shifts={lines.shifts}
          faults={shown ? faults : {}}
          onChange={(shifts) => {
            setLines({ ...lines, shifts });
          }}
        />
        <Select
          label={weekText.zone}
          searchable
          allowDeselect={false}
          data={[...new Set([lines.timezone, 'UTC', ...Intl.supportedValuesOf('timeZone')])].sort()}
          value={lines.timezone}
          onChange={(timezone) => {
            if (timezone !== null) setLines({ ...lines, timezone });
          }}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {text.actions.cancel}
          </Button>
          <Button
            onClick={() => {
              setShown(true);
              if (Object.keys(faults).length > 0) return;
              onChange(scheduleOf(lines));
              onClose();
            }}
          >
            {zonesText.apply}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
