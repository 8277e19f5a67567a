import { ActionIcon, Button } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';

import styles from './duty_page.module.css';

interface LinesProps<Line> {
  legend: string;
  hint?: string;
  lines: readonly Line[];
  /** What is wrong with a line, by its place. */
  faults: Readonly<Record<number, string>>;
  labelOf: (number: number) => string;
  removeLabelOf: (number: number) => string;
  addLabel: string;
  newLine: () => Line;
  onChange: (lines: Line[]) => void;
  children: (line: Line, change: (changed: Partial<Line>) => void) => ReactNode;
}

/** Lines of a schedule, each of which can be changed and removed, and a button that adds one. */
export function Lines<Line>(props: LinesProps<Line>): ReactElement {
  const { lines, faults, onChange } = props;
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.hint === undefined ? null : <p className={styles.hint}>{props.hint}</p>}
      {lines.map((line, index) => (
        // Lines have no identity of their own; they are only added at the end.
        <div key={index} className={styles.line} role="group" aria-label={props.labelOf(index + 1)}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label={props.removeLabelOf(index + 1)}
            onClick={() => {
              onChange(lines.filter((_, at) => at !== index));
            }}
          >
            <IconX size={17} />
          </ActionIcon>
          {props.children(line, (changed) => {
            onChange(lines.map((one, at) => (at === index ? { ...one, ...changed } : one)));
          })}
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
            onChange([...lines, props.newLine()]);
          }}
        >
          {props.addLabel}
        </Button>
      </div>
    </fieldset>
  );
}
