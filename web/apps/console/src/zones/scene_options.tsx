import { NumberInput, SegmentedControl, Switch } from '@mantine/core';
import type { ReactElement } from 'react';

import type { Liveness } from '../api/view_types.ts';
import { zonesText } from '../text/zones.ts';
import styles from './editor.module.css';
import type { ViewDraft } from './view_draft.ts';

const CHOICES: readonly Liveness[] = ['off', 'report', 'require'];

interface SceneOptionsProps {
  draft: ViewDraft;
  mayEdit: boolean;
  onChange: (draft: ViewDraft) => void;
}

/** What holds for the whole camera. */
export function SceneOptions({ draft, mayEdit, onChange }: SceneOptionsProps): ReactElement {
  return (
    <section className={styles.panel} aria-label={zonesText.options}>
      <div className={styles.group}>
        <h3>{zonesText.liveness}</h3>
        <SegmentedControl
          aria-label={zonesText.liveness}
          fullWidth
          disabled={!mayEdit}
          data={CHOICES.map((choice) => ({ value: choice, label: zonesText.livenesses[choice] }))}
          value={draft.liveness}
          onChange={(liveness) => {
            onChange({ ...draft, liveness });
          }}
        />
        <p className={styles.hint}>{zonesText.livenessHints[draft.liveness]}</p>
      </div>
      <NumberInput
        label={zonesText.objectsFps}
        description={zonesText.objectsFpsHint}
        disabled={!mayEdit}
        min={0}
        max={30}
        value={draft.objectsFps ?? ''}
        onChange={(value) => {
          onChange({ ...draft, objectsFps: typeof value === 'number' ? value : null });
        }}
      />
      <Switch
        label={zonesText.record}
        description={zonesText.recordHint}
        disabled={!mayEdit}
        checked={draft.record}
        onChange={({ currentTarget }) => {
          onChange({ ...draft, record: currentTarget.checked });
        }}
      />
    </section>
  );
}
