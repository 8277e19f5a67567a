import { Checkbox, Group } from '@mantine/core';
import type { ReactElement } from 'react';

import { peopleText } from '../text/people.ts';
import { useWatchLists } from './queries.ts';

interface WatchListPickerProps {
  value: string[];
  disabled?: boolean;
  onChange: (lists: string[]) => void;
}

/** On which watch lists somebody is. */
export function WatchListPicker({ value, disabled = false, onChange }: WatchListPickerProps): ReactElement {
  const lists = useWatchLists().data ?? [];
  return (
    <Checkbox.Group
      label={peopleText.lists}
      description={lists.length === 0 ? peopleText.noLists : undefined}
      value={value}
      onChange={onChange}
    >
      <Group gap="lg" mt={8}>
        {lists.map((list) => (
          <Checkbox key={list.id} value={list.id} label={list.name} disabled={disabled} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
