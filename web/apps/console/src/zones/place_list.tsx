import { UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconEyeOff, IconLine, IconPhoto, IconPolygon } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { text } from '../text/everywhere.ts';
import { zonesText } from '../text/zones.ts';
import styles from './editor.module.css';
import type { ViewDraft } from './view_draft.ts';
import { shapeName } from './view_draft.ts';

const ICONS = { zone: IconPolygon, line: IconLine, mask: IconEyeOff };

interface PlaceListProps {
  draft: ViewDraft;
  selected: string | null;
  faults: Readonly<Record<string, string>>;
  onSelect: (key: string | null) => void;
}

/** Everywhere that something can be watched for: the whole picture, and each shape in it. */
export function PlaceList({ draft, selected, faults, onSelect }: PlaceListProps): ReactElement {
  const places = [
    { key: null, name: zonesText.whole, Mark: IconPhoto, masked: false },
    ...draft.shapes.map((shape) => ({ key: shape.key, name: shapeName(draft, shape), Mark: ICONS[shape.kind], masked: shape.kind === 'mask' })),
  ];
  return (
    <ul className={styles.places} aria-label={zonesText.places}>
      {places.map(({ key, name, Mark, masked }) => (
        <li key={key ?? ''}>
          <UnstyledButton
            className={styles.place}
            aria-pressed={key === selected}
            onClick={() => {
              onSelect(key);
            }}
          >
            <Mark size={17} stroke={1.8} aria-hidden />
            <b>{name}</b>
            {key !== null && key in faults ? <IconAlertTriangle size={16} className={styles.wrong} aria-label={zonesText.wrong} /> : null}
            <span>{masked ? zonesText.kinds.mask : summaryOf(draft, key)}</span>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}

function summaryOf(draft: ViewDraft, place: string | null): string {
  const rules = draft.rules.filter((rule) => rule.place === place && rule.enabled).map(({ label }) => text.things[label]);
  const crowds = draft.crowds.filter((crowd) => crowd.place === place).map(({ threshold }) => zonesText.moreThan(threshold));
  const all = [...new Set([...rules, ...crowds])];
  const counts = draft.shapes.find(({ key }) => key === place)?.kind === 'line';
  return all.length > 0 ? all.join(', ') : counts ? zonesText.counts : zonesText.nothing;
}
