import { ActionIcon, Button, Switch } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconEyeOff, IconLine, IconPolygon } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { text } from '../text/everywhere.ts';
import { zonesText } from '../text/zones.ts';
import styles from './editor.module.css';
import type { Drawing } from './stage.tsx';
import type { ShapeKind, ViewDraft } from './view_draft.ts';
import { MOST } from './view_draft.ts';

const KINDS = [
  ['zone', IconPolygon],
  ['line', IconLine],
  ['mask', IconEyeOff],
] as const;

interface DrawBarProps {
  draft: ViewDraft;
  drawing: Drawing | null;
  previewing: boolean;
  mayEdit: boolean;
  canUndo: boolean;
  canRedo: boolean;
  onDraw: (kind: ShapeKind) => void;
  onPlace: (kind: ShapeKind) => void;
  onFinish: () => void;
  onCancel: () => void;
  onPreview: (previewing: boolean) => void;
  onUndo: () => void;
  onRedo: () => void;
}

/** What can be drawn; while drawing, how. */
export function DrawBar(props: DrawBarProps): ReactElement {
  const { draft, drawing, previewing, mayEdit, canUndo, canRedo, onDraw, onPlace, onFinish, onCancel, onPreview, onUndo, onRedo } = props;
  if (drawing !== null) {
    return (
      <div className={styles.bar}>
        <span role="status">{zonesText.drawHints[drawing.kind]}</span>
        {drawing.points.length === 0 ? (
          <Button
            size="sm"
            variant="default"
            onClick={() => {
              onPlace(drawing.kind);
            }}
          >
            {zonesText.inMiddle}
          </Button>
        ) : null}
        {drawing.kind !== 'line' && drawing.points.length >= 3 ? (
          <Button size="sm" onClick={onFinish}>
            {zonesText.finish}
          </Button>
        ) : null}
        <Button size="sm" variant="default" onClick={onCancel}>
          {text.actions.cancel}
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.bar}>
      {mayEdit
        ? KINDS.map(([kind, Mark]) => (
            <Button
              key={kind}
              size="sm"
              variant="default"
              leftSection={<Mark size={17} stroke={1.8} />}
              disabled={draft.shapes.filter((shape) => shape.kind === kind).length >= MOST[kind]}
              onClick={() => {
                onDraw(kind);
              }}
            >
              {zonesText.draw[kind]}
            </Button>
          ))
        : null}
      {mayEdit ? (
        <>
          <ActionIcon variant="default" size={36} disabled={!canUndo} aria-label={text.actions.undo} title={text.actions.undo} onClick={onUndo}>
            <IconArrowBackUp size={18} />
          </ActionIcon>
          <ActionIcon variant="default" size={36} disabled={!canRedo} aria-label={zonesText.redo} title={zonesText.redo} onClick={onRedo}>
            <IconArrowForwardUp size={18} />
          </ActionIcon>
        </>
      ) : null}
      <Switch
        className={styles.preview}
        label={zonesText.preview}
        checked={previewing}
        onChange={(event) => {
          onPreview(event.currentTarget.checked);
        }}
      />
    </div>
  );
}
