import { useQuery } from '@tanstack/react-query';

import { request } from '../api/http.ts';
import type { Alert } from '../api/types.ts';
import { useLive } from '../live/live_context.ts';

/** One alert: live where this page knows it, else asked for. */
export function useAlert(alertId: string): { alert: Alert | undefined; error: Error | null } {
  const live = useLive().state.alerts[alertId];
  const { data, error } = useQuery({
    queryKey: ['alerts', 'one', alertId],
    queryFn: ({ signal }) => request<Alert>(`/api/alerts/${encodeURIComponent(alertId)}`, { signal }),
    enabled: live === undefined,
  });
  return { alert: live ?? data, error: live === undefined ? error : null };
}
