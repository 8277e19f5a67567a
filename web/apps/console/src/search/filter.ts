/** Where, when and how like; and what is searched for. Pure but for reading the reader's zone. */
export interface SearchFilter {
  cameras: string[];
  /** As `datetime-local` has it, in the reader's zone; empty: any. */
  from: string;
  to: string;
  /** Similarity, 0.5 at the model's own threshold. */
  threshold: number;
}

export const NO_FILTER: SearchFilter = { cameras: [], from: '', to: '', threshold: 0.5 };

interface Probe {
  file: File | null;
  sightingId: string | null;
  personId: string | null;
}

const MOST_HITS = 100;

/** What the server is asked. */
export function searchForm({ file, sightingId, personId }: Probe, filter: SearchFilter): FormData {
  const form = new FormData();
  if (file !== null) form.append('image', file, file.name);
  else if (sightingId !== null) form.append('sighting_id', sightingId);
  else if (personId !== null) form.append('person_id', personId);
  for (const camera of filter.cameras) form.append('camera', camera);
  const [from, to] = [msOf(filter.from), msOf(filter.to)];
  if (from !== null) form.append('from', String(from));
  if (to !== null) form.append('to', String(to));
  form.append('threshold', String(filter.threshold));
  form.append('limit', String(MOST_HITS));
  return form;
}

/** `null` for what is no time. */
export function msOf(local: string): number | null {
  const ms = local === '' ? NaN : new Date(local).getTime();
  return Number.isNaN(ms) ? null : ms;
}
