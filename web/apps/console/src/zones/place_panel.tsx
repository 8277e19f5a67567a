import { Button, TextInput } from '@mantine/core';
import { IconArrowsExchange, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { zonesText } from '../text/zones.ts';
import { mayLoseCorner } from './corners.tsx';
import { Crowds } from './crowds.tsx';
import styles from './editor.module.css';
import { Rules } from './rules.tsx';
import { removeCorner } from './shapes.ts';
import type { ViewDraft } from './view_draft.ts';
import { shapeName, withChangedShape } from './view_draft.ts';

interface PlacePanelProps {
  draft: ViewDraft;
  selected: string | null;
  corner: number | null;
  faults: Readonly<Record<string, string>>;
  mayEdit: boolean;
  onChange: (draft: ViewDraft, tag?: string | null) => void;
  onRemove: (key: string) => void;
  onCorner: (corner: number | null) => void;
}

/** What one place is called, and what is to happen there. */
export function PlacePanel({ draft, selected, corner, faults, mayEdit, onChange, onRemove, onCorner }: PlacePanelProps): ReactElement {
  const shape = draft.shapes.find(({ key }) => key === selected);
  const fault = shape === undefined ? undefined : faults[shape.key];
  return (
    <section className={styles.panel} aria-label={shape === undefined ? zonesText.whole : shapeName(draft, shape)}>
      {shape === undefined ? (
        <h2>{zonesText.whole}</h2>
      ) : (
        <>
          {shape.kind === 'mask' ? (
            <>
              <h2>{shapeName(draft, shape)}</h2>
              <p className={styles.hint}>{zonesText.maskHint}</p>
            </>
          ) : (
            <TextInput
              label={zonesText.name[shape.kind]}
              value={shape.name}
              maxLength={60}
              disabled={!mayEdit}
              onChange={(event) => {
                onChange(withChangedShape(draft, shape.key, { name: event.currentTarget.value }), `name-${shape.key}`);
              }}
            />
          )}
          {fault === undefined ? null : (
            <p className={styles.fault} role="alert">
              {fault}
            </p>
          )}
          {mayEdit ? (
            <div className={styles.bar}>
              {shape.kind === 'line' ? (
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconArrowsExchange size={16} />}
                  onClick={() => {
                    onChange(withChangedShape(draft, shape.key, { points: [...shape.points].reverse() }));
                  }}
                >
                  {zonesText.turn}
                </Button>
              ) : (
                <Button
                  size="xs"
                  variant="default"
                  disabled={corner === null || !mayLoseCorner(shape)}
                  onClick={() => {
                    if (corner !== null) onChange(withChangedShape(draft, shape.key, { points: removeCorner(shape.points, corner) }));
                    onCorner(null);
                  }}
                >
                  {zonesText.removeCorner}
                </Button>
              )}
              <Button
                size="xs"
                variant="subtle"
                color="red"
                leftSection={<IconTrash size={16} />}
                onClick={() => {
                  onRemove(shape.key);
                }}
              >
                {zonesText.removeShape[shape.kind]}
              </Button>
            </div>
          ) : null}
        </>
      )}
      {shape?.kind === 'mask' ? null : (
        <>
          <Rules draft={draft} place={selected} isLine={shape?.kind === 'line'} mayEdit={mayEdit} onChange={onChange} />
          {shape?.kind === 'line' ? null : <Crowds draft={draft} place={selected} faults={faults} mayEdit={mayEdit} onChange={onChange} />}
        </>
      )}
    </section>
  );
}
