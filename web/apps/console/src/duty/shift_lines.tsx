import { ActionIcon, Button, Chip, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { text } from '../text.ts';
import styles from './duty_page.module.css';
import type { ShiftDraft } from './roster_draft.ts';
import { endsNextDay, NEW_SHIFT } from './roster_draft.ts';

interface ShiftLinesProps {
  shifts: readonly ShiftDraft[];
  faults: Readonly<Record<number, string>>;
  onChange: (shifts: ShiftDraft[]) => void;
}

/** The week: each line one shift, on the days that it is on. */
export function ShiftLines({ shifts, faults, onChange }: ShiftLinesProps): ReactElement {
  const change = (index: number, changed: Partial<ShiftDraft>): void => {
    onChange(shifts.map((shift, at) => (at === index ? { ...shift, ...changed } : shift)));
  };
  return (
    <fieldset>
      <legend>{text.duty.week}</legend>
      {shifts.map((shift, index) => (
        // Lines have no identity of their own; they are only added at the end.
        <div key={index} className={styles.line} role="group" aria-label={text.duty.shift(index + 1)}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label={text.duty.removeShift(index + 1)}
            onClick={() => {
              onChange(shifts.filter((_, at) => at !== index));
            }}
          >
            <IconX size={17} />
          </ActionIcon>
          <Chip.Group
            multiple
            value={shift.days.map(String)}
            onChange={(days) => {
              change(index, { days: days.map(Number) });
            }}
          >
            <div className={styles.days}>
              {text.duty.days.map((day, weekday) => (
                <Chip key={day} value={String(weekday)} size="sm" radius="md" aria-label={text.duty.dayNames[weekday] ?? day}>
                  {day}
                </Chip>
              ))}
            </div>
          </Chip.Group>
          <div className={styles.times}>
            <TextInput
              type="time"
              label={text.duty.from}
              value={shift.start}
              onChange={(event) => {
                change(index, { start: event.currentTarget.value });
              }}
            />
            <TextInput
              type="time"
              label={text.duty.to}
              description={endsNextDay(shift) ? text.duty.nextDay : undefined}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={shift.end}
              onChange={(event) => {
                change(index, { end: event.currentTarget.value });
              }}
            />
          </div>
          {faults[index] === undefined ? null : (
            <p className={styles.fault} role="alert">
              {faults[index]}
            </p>
          )}
        </div>
      ))}
      <div>
        <Button
          variant="default"
          size="sm"
          leftSection={<IconPlus size={16} />}
          onClick={() => {
            onChange([...shifts, NEW_SHIFT]);
          }}
        >
          {text.duty.addShift}
        </Button>
      </div>
    </fieldset>
  );
}
