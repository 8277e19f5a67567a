import { ActionIcon, Button, SegmentedControl, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { text } from '../text.ts';
import styles from './duty_page.module.css';
import type { ExceptionDraft } from './roster_draft.ts';
import { newException } from './roster_draft.ts';

interface ExceptionLinesProps {
  exceptions: readonly ExceptionDraft[];
  faults: Readonly<Record<number, string>>;
  onChange: (exceptions: ExceptionDraft[]) => void;
}

/** What goes before the week: leave, illness, an extra shift. Times are the reader's own. */
export function ExceptionLines({ exceptions, faults, onChange }: ExceptionLinesProps): ReactElement {
  const change = (index: number, changed: Partial<ExceptionDraft>): void => {
    onChange(exceptions.map((one, at) => (at === index ? { ...one, ...changed } : one)));
  };
  return (
    <fieldset>
      <legend>{text.duty.exceptions}</legend>
      <p className={styles.hint}>{text.duty.exceptionsHint}</p>
      {exceptions.map((one, index) => (
        // Lines have no identity of their own; they are only added at the end.
        <div key={index} className={styles.line} role="group" aria-label={`${text.duty.exceptions} ${String(index + 1)}`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label={text.duty.removeException(index + 1)}
            onClick={() => {
              onChange(exceptions.filter((_, at) => at !== index));
            }}
          >
            <IconX size={17} />
          </ActionIcon>
          <div>
            <SegmentedControl
              aria-label={text.duty.exceptionKind}
              data={[
                { value: 'off', label: text.duty.exceptionOff },
                { value: 'on', label: text.duty.exceptionOn },
              ]}
              value={one.on ? 'on' : 'off'}
              onChange={(value) => {
                change(index, { on: value === 'on' });
              }}
            />
          </div>
          <div className={styles.times}>
            <TextInput
              type="datetime-local"
              label={text.duty.exceptionFrom}
              value={one.from}
              onChange={(event) => {
                change(index, { from: event.currentTarget.value });
              }}
            />
            <TextInput
              type="datetime-local"
              label={text.duty.exceptionUntil}
              value={one.until}
              onChange={(event) => {
                change(index, { until: event.currentTarget.value });
              }}
            />
          </div>
          <TextInput
            label={text.duty.reason}
            maxLength={500}
            value={one.reason}
            onChange={(event) => {
              change(index, { reason: event.currentTarget.value });
            }}
          />
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
            onChange([...exceptions, newException(Date.now())]);
          }}
        >
          {text.duty.addException}
        </Button>
      </div>
    </fieldset>
  );
}
