import type { Metric } from '../api/history_types.ts';

export const plotsText = {
  title: 'Figures',
  metric: 'What',
  metrics: {
    detections: 'Detections',
    people: 'People at once',
    crowd: 'Crowd levels',
    processing_ms: 'Processing times',
    crossings: 'Line crossings',
  } satisfies Record<Metric, string>,
  means: {
    detections: 'Tracks that began in the hour.',
    people: 'The most people at once, in the whole picture and in each zone.',
    crowd: 'Analysed pictures of each level.',
    processing_ms: 'Milliseconds for an analysed picture.',
    crossings: 'Crossings of each line, by direction.',
  } satisfies Record<Metric, string>,
  series: { known: 'enrolled', unknown: 'not enrolled', attack: 'pictures of faces', mean: 'mean', most: 'longest' } as Record<string, string>,
  label: (metric: string) => `${metric} by the hour`,
  range: 'Range',
  spans: { day: '24 h', week: '7 days', month: '30 days', own: 'Other' },
  badRange: 'It must end after it begins.',
  empty: 'No figures',
  emptyHint: 'Nothing of this kind was counted in these hours.',
  truncated: 'There is more than can be shown. Choose a shorter range, or one camera.',
  table: 'As a table',
  time: 'Time',
  whole: 'Whole picture',
};
