import { SegmentedControl, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';

import { dutyText } from '../text/duty.ts';
import styles from './duty_page.module.css';
import { Lines } from './lines.tsx';
import type { ExceptionDraft } from './roster_draft.ts';
import { newException } from './roster_draft.ts';

interface ExceptionLinesProps {
  exceptions: readonly ExceptionDraft[];
  faults: Readonly<Record<number, string>>;
  onChange: (exceptions: ExceptionDraft[]) => void;
}

/** What goes before the week: leave, illness, an extra shift. Times are the reader's own. */
export function ExceptionLines({ exceptions, faults, onChange }: ExceptionLinesProps): ReactElement {
  return (
    <Lines
      legend={dutyText.exceptions}
      hint={dutyText.exceptionsHint}
      lines={exceptions}
      faults={faults}
      labelOf={(number) => `${dutyText.exceptions} ${String(number)}`}
      removeLabelOf={dutyText.removeException}
      addLabel={dutyText.addException}
      newLine={() => newException(Date.now())}
      onChange={onChange}
    >
      {(one, change) => (
        <>
          <div>
            <SegmentedControl
              aria-label={dutyText.exceptionKind}
              data={[
                { value: 'off', label: dutyText.exceptionOff },
                { value: 'on', label: dutyText.exceptionOn },
              ]}
              value={one.on ? 'on' : 'off'}
              onChange={(value) => {
                change({ on: value === 'on' });
              }}
            />
          </div>
          <div className={styles.times}>
            <TextInput
              type="datetime-local"
              label={dutyText.exceptionFrom}
              value={one.from}
              onChange={(event) => {
                change({ from: event.currentTarget.value });
              }}
            />
            <TextInput
              type="datetime-local"
              label={dutyText.exceptionUntil}
              value={one.until}
              onChange={(event) => {
                change({ until: event.currentTarget.value });
              }}
            />
          </div>
          <TextInput
            label={dutyText.reason}
            maxLength={500}
            value={one.reason}
            onChange={(event) => {
              change({ reason: event.currentTarget.value });
            }}
          />
        </>
      )}
    </Lines>
  );
}
