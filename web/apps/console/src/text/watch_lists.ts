import { plural } from './plural.ts';

export const watchListsText = {
  title: 'Watch lists',
  add: 'Add watch list',
  name: 'Name',
  severity: 'Severity of its alerts',
  emptyTitle: 'No watch list yet',
  empty: 'People on a watch list raise an alert whenever a camera sees them.',
  people: (count: number) => plural(count, 'person', 'people'),
  removeTitle: (name: string) => `Delete ${name}?`,
  remove: 'The people on it stay enrolled; they no longer raise alerts through this list.',
  nameMissing: 'Give the list a name.',
  switchOn: (name: string) => `Switch the list ${name} on or off`,
  edit: (name: string) => `Edit the list ${name}`,
  delete: (name: string) => `Delete the list ${name}`,
};
