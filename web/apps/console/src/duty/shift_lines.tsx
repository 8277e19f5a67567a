import { Chip, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';

import { dutyText } from '../text/duty.ts';
import { weekText } from '../text/week.ts';
import styles from './duty_page.module.css';
import { Lines } from './lines.tsx';
import type { ShiftDraft } from './roster_draft.ts';
import { endsNextDay, NEW_SHIFT } from './roster_draft.ts';

interface ShiftLinesProps {
  shifts: readonly ShiftDraft[];
  faults: Readonly<Record<number, string>>;
  onChange: (shifts: ShiftDraft[]) => void;
}

/** The week: each line one shift, on the days that it is on. */
export function ShiftLines({ shifts, faults, onChange }: ShiftLinesProps): ReactElement {
  return (
    <Lines
      legend={dutyText.week}
      lines={shifts}
      faults={faults}
      labelOf={dutyText.shift}
      removeLabelOf={dutyText.removeShift}
      addLabel={dutyText.addShift}
      newLine={() => NEW_SHIFT}
      onChange={onChange}
    >
      {(shift, change) => (
        <>
          <Chip.Group
            multiple
            value={shift.days.map(String)}
            onChange={(days) => {
              change({ days: days.map(Number) });
            }}
          >
            <div className={styles.days}>
              {weekText.days.map((day, weekday) => (
                <Chip key={day} value={String(weekday)} size="sm" radius="md" aria-label={weekText.dayNames[weekday] ?? day}>
                  {day}
                </Chip>
              ))}
            </div>
          </Chip.Group>
          <div className={styles.times}>
            <TextInput
              type="time"
              label={dutyText.from}
              value={shift.start}
              onChange={(event) => {
                change({ start: event.currentTarget.value });
              }}
            />
            <TextInput
              type="time"
              label={dutyText.to}
              description={endsNextDay(shift) ? dutyText.nextDay : undefined}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={shift.end}
              onChange={(event) => {
                change({ end: event.currentTarget.value });
              }}
            />
          </div>
        </>
      )}
    </Lines>
  );
}
