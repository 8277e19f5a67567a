import { MultiSelect, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';

import { useCameras } from '../cameras/queries.ts';
import { alertsText } from '../text/alerts.ts';
import { historyText } from '../text/history.ts';
import { searchText } from '../text/search.ts';
import type { SearchFilter } from './filter.ts';
import styles from './search_page.module.css';

const THRESHOLDS = [0.4, 0.5, 0.65, 0.8] as const;

export function Filters({ filter, onChange }: { filter: SearchFilter; onChange: (filter: SearchFilter) => void }): ReactElement {
  const cameras = useCameras().data ?? [];
  const time = (name: 'from' | 'to'): ReactElement => (
    <TextInput
      type="datetime-local"
      label={searchText[name]}
      value={filter[name]}
      onChange={(event) => {
        onChange({ ...filter, [name]: event.currentTarget.value });
      }}
    />
  );
  return (
    <div className={styles.filters}>
      <MultiSelect
        label={searchText.cameras}
        placeholder={filter.cameras.length === 0 ? historyText.anyCamera : ''}
        data={cameras.map(({ id, name }) => ({ value: id, label: name }))}
        value={filter.cameras}
        onChange={(chosen) => {
          onChange({ ...filter, cameras: chosen });
        }}
      />
      {time('from')}
      {time('to')}
      <Select
        label={searchText.threshold}
        allowDeselect={false}
        data={THRESHOLDS.map((value) => ({ value: String(value), label: `${alertsText.match(value)} (${value.toFixed(2)})` }))}
        value={String(filter.threshold)}
        onChange={(value) => {
          onChange({ ...filter, threshold: Number(value ?? 0.5) });
        }}
      />
    </div>
  );
}
