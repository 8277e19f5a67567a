import { useQuery } from '@tanstack/react-query';
import { IconPlugConnected } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Connection } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { connectionsText } from '../text/connections.ts';
import { exactTime, shortSpan } from '../times/format.ts';
import styles from './connections_page.module.css';

const POLL_MS = 3_000;
/** The server closes a connection that was silent for 60 s; half of that is worth a look. */
const QUIET_S = 35;

/** Who is connected at this moment, how, and when they were last heard. */
export default function ConnectionsPage(): ReactElement {
  const { data, error, refetch } = useQuery({
    queryKey: ['connections'],
    queryFn: ({ signal }) => request<{ total_connections: number; connections: Connection[] }>('/ws/connections', { signal }),
    refetchInterval: POLL_MS,
  });
  return (
    <Page title={connectionsText.title} aside={data === undefined ? undefined : String(data.total_connections)}>
      {error !== null && data === undefined ? (
        <Failed error={error} onRetry={refetch} />
      ) : data === undefined ? (
        <LoadingRows label={connectionsText.title} rows={4} height={48} />
      ) : data.connections.length === 0 ? (
        <Empty icon={<IconPlugConnected size={30} stroke={1.4} />} title={connectionsText.empty} />
      ) : (
        <>
          <p className={styles.lead}>{connectionsText.lead}</p>
          <div className={styles.frame} tabIndex={0} role="region" aria-label={connectionsText.title}>
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{connectionsText.user}</th>
                  <th scope="col">{connectionsText.kind}</th>
                  <th scope="col">{connectionsText.dialect}</th>
                  <th scope="col">{connectionsText.since}</th>
                  <th scope="col">{connectionsText.heard}</th>
                </tr>
              </thead>
              <tbody>
                {[...data.connections].sort(byName).map((one, index) => (
                  // The server names no connection; in this order a row stays the same one while nobody comes or goes.
                  <Row key={`${one.user_id}-${one.client_type}-${String(index)}`} connection={one} />
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Page>
  );
}

function byName(a: Connection, b: Connection): number {
  return a.user_name.localeCompare(b.user_name) || b.uptime_seconds - a.uptime_seconds;
}

function Row({ connection }: { connection: Connection }): ReactElement {
  const { user_name, client_type, dialect, uptime_seconds, last_heartbeat, seconds_since_heartbeat } = connection;
  const silent = seconds_since_heartbeat >= QUIET_S;
  return (
    <tr data-testid="connection-row">
      <th scope="row">{user_name === '' ? connectionsText.anonymous : user_name}</th>
      <td>{connectionsText.types[client_type] ?? client_type}</td>
      <td>{connectionsText.dialects[dialect] ?? dialect}</td>
      <td>{shortSpan(Math.max(uptime_seconds * 1_000, 5_000))}</td>
      <td title={exactTime(Date.parse(last_heartbeat))} data-silent={silent || undefined}>
        {connectionsText.ago(shortSpan(seconds_since_heartbeat * 1_000))}
        {silent ? ` · ${connectionsText.quiet}` : ''}
      </td>
    </tr>
  );
}
