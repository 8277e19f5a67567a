import { ActionIcon, Button, NumberInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { zonesText } from '../text/zones.ts';
import styles from './editor.module.css';
import { SeverityField } from './rules.tsx';
import { ScheduleButton } from './schedule_button.tsx';
import type { CrowdDraft, ViewDraft } from './view_draft.ts';
import { newKey } from './view_draft.ts';

const MOST_CROWDS = 16;
const USUAL_THRESHOLD = 10;

interface CrowdsProps {
  draft: ViewDraft;
  place: string | null;
  faults: Readonly<Record<string, string>>;
  mayEdit: boolean;
  onChange: (draft: ViewDraft) => void;
}

/** From how many people on a place is a crowd. */
export function Crowds({ draft, place, faults, mayEdit, onChange }: CrowdsProps): ReactElement {
  const crowds = draft.crowds.filter((crowd) => crowd.place === place);
  const change = (key: string, changed: Partial<CrowdDraft>): void => {
    onChange({ ...draft, crowds: draft.crowds.map((crowd) => (crowd.key === key ? { ...crowd, ...changed } : crowd)) });
  };
  const field = (crowd: CrowdDraft, name: 'threshold' | 'overS' | 'underS', max: number): ReactElement => (
    <NumberInput
      label={zonesText.crowd[name]}
      disabled={!mayEdit}
      min={0}
      max={max}
      allowDecimal={name !== 'threshold'}
      value={crowd[name]}
      onChange={(value) => {
        if (typeof value === 'number') change(crowd.key, { [name]: value });
      }}
    />
  );
  return (
    <div className={styles.group} role="group" aria-label={zonesText.crowds}>
      <h3>{zonesText.crowds}</h3>
      {crowds.map((crowd, at) => (
        <div key={crowd.key} className={styles.rule} role="group" aria-label={zonesText.limit(at + 1)}>
          <div className={styles.fields}>
            {field(crowd, 'threshold', 100_000)}
            <SeverityField value={crowd.severity} mayEdit={mayEdit} onChange={(severity) => {
              change(crowd.key, { severity });
            }} />
            {field(crowd, 'overS', 3_600)}
            {field(crowd, 'underS', 3_600)}
          </div>
          {faults[crowd.key] === undefined ? null : (
            <p className={styles.fault} role="alert">
              {faults[crowd.key]}
            </p>
          )}
          <div className={styles.line}>
            <ScheduleButton value={crowd.schedule} mayEdit={mayEdit} onChange={(schedule) => {
              change(crowd.key, { schedule });
            }} />
            {mayEdit ? (
              <ActionIcon
                variant="subtle"
                color="gray"
                size={34}
                aria-label={zonesText.removeLimit(at + 1)}
                onClick={() => {
                  onChange({ ...draft, crowds: draft.crowds.filter(({ key }) => key !== crowd.key) });
                }}
              >
                <IconX size={17} />
              </ActionIcon>
            ) : null}
          </div>
        </div>
      ))}
      {mayEdit && draft.crowds.length < MOST_CROWDS ? (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlus size={16} />}
          onClick={() => {
            const taken = new Set(crowds.map(({ threshold }) => threshold));
            let threshold = USUAL_THRESHOLD;
            while (taken.has(threshold)) threshold += 5;
            const crowd: CrowdDraft = { key: newKey(), place, threshold, overS: 3, underS: 10, severity: null, schedule: null };
            onChange({ ...draft, crowds: [...draft.crowds, crowd] });
          }}
        >
          {zonesText.addCrowd}
        </Button>
      ) : null}
    </div>
  );
}
