import { request } from '../api/http.ts';
import type { Alert } from '../api/types.ts';

const PAGE_SIZE = 500;
/** Beyond this many open alerts nobody reads a list; the newest are shown and the history has them all. */
const MOST_PAGES = 4;
const TAKEN_SHOWN = 20;

/** The open alerts, newest first, and the few that were taken last. Raises `ApiError`. */
export async function readInbox(signal: AbortSignal): Promise<Alert[]> {
  const [open, taken] = await Promise.all([readOpen(signal), readPage('acknowledged', TAKEN_SHOWN, null, signal)]);
  return [...open, ...taken];
}

async function readOpen(signal: AbortSignal): Promise<Alert[]> {
  const open: Alert[] = [];
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await readPage('open', PAGE_SIZE, open.at(-1)?.offset ?? null, signal);
    open.push(...page);
    if (page.length < PAGE_SIZE) break;
  }
  return open;
}

async function readPage(state: 'open' | 'acknowledged', limit: number, before: number | null, signal: AbortSignal): Promise<Alert[]> {
  const query = new URLSearchParams({ state, limit: String(limit) });
  if (before !== null) query.set('before', String(before));
  const { alerts } = await request<{ alerts: Alert[] }>(`/api/alerts?${query.toString()}`, { signal });
  return alerts;
}
