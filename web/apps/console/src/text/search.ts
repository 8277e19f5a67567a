import { plural } from './plural.ts';

export const searchText = {
  title: 'Search the past',
  lead: 'Drop a picture: everything that the cameras saw is searched for the largest face in it. The picture is not kept.',
  drop: 'Whom are you looking for?',
  another: 'Look for somebody else',
  working: 'Searching',
  probe: 'What is searched for',
  found: (count: number) => (count === 0 ? 'No sighting' : plural(count, 'sighting')),
  none: 'Nobody like that was seen',
  noneHint: 'Lower the similarity, or widen the time.',
  largest: (count: number) => `The picture shows ${String(count)} faces: the largest was searched for.`,
  poor: (reasons: string) => `The face is hard to compare: ${reasons}. Results may be wrong.`,
  indexing: (indexed: number, total: number) =>
    `Indexing ${indexed.toLocaleString()} of ${plural(total, 'sighting')}: more results may come.`,
  otherModels: (count: number) =>
    `${plural(count, 'sighting')} of another recognition model cannot be compared with this face. “Find this face” on such a sighting searches among them.`,
  cameras: 'Cameras',
  from: 'From',
  to: 'Until',
  threshold: 'At least',
  pictureOf: (name: string, camera: string) => `${name}, seen by ${camera}`,
  removedCamera: 'A camera that was removed',
  attack: 'Looks like a picture of a face',
  like: 'Find this face',
  notThis: 'Not this person',
  notThisNamed: (name: string) => `This is not ${name}`,
  saidNot: 'Said not to be',
  rejected: (name: string) => `This face is not taken for ${name} again.`,
};

export const timelineText = {
  title: 'Seen on this day',
  day: 'Day',
  before: 'The day before',
  after: 'The day after',
  empty: 'Not seen on this day',
  emptyHint: 'Choose another day above.',
  times: (count: number) => plural(count, 'sighting'),
  strip: (count: number, first: string, last: string) => `${plural(count, 'sighting')} between ${first} and ${last}`,
  path: 'The way, from camera to camera',
  more: 'There are more sightings on this day than are shown.',
};
