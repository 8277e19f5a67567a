import '../theme/form_styles.ts';

import { Button, Select } from '@mantine/core';
import type { Alert, AlertState } from '@sightline/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useSearchParams } from 'react-router';

import { request } from '../api/http.ts';
import { useCameras } from '../cameras/queries.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { usePeople } from '../people/queries.ts';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { historyText } from '../text/history.ts';
import { HistoryRow } from './history_row.tsx';
import styles from './history_page.module.css';

const PAGE_SIZE = 40;
const STATES: readonly AlertState[] = ['open', 'acknowledged', 'closed', 'expired'];

/** Every alert there was, newest first, with filters that live in the address. */
export default function HistoryPage(): ReactElement {
  const [filter, setFilter] = useSearchParams();
  const history = useHistory(filter);
  const alerts = history.data?.pages.flat() ?? [];
  const set = (name: string, value: string | null): void => {
    const next = new URLSearchParams(filter);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setFilter(next, { replace: true });
  };
  return (
    <Page title={historyText.title}>
      <Filters filter={filter} onChange={set} />
      {history.error !== null && history.data === undefined ? (
        <Failed error={history.error} onRetry={history.refetch} />
      ) : history.isPending ? (
        <LoadingRows label={historyText.title} rows={6} height={76} />
      ) : alerts.length === 0 ? (
        <Empty icon={<IconHistory size={30} stroke={1.4} />} title={historyText.empty} />
      ) : (
        <ul className={styles.rows}>
          {alerts.map((alert) => (
            <HistoryRow key={alert.alert_id} alert={alert} />
          ))}
        </ul>
      )}
      {history.hasNextPage ? (
        <Button mt="md" fullWidth variant="default" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
          {historyText.older}
        </Button>
      ) : null}
    </Page>
  );
}

function useHistory(filter: URLSearchParams) {
  const key = filter.toString();
  return useInfiniteQuery({
    queryKey: ['alerts', 'history', key],
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams(key);
      query.set('limit', String(PAGE_SIZE));
      if (pageParam !== null) query.set('before', String(pageParam));
      return (await request<{ alerts: Alert[] }>(`/api/alerts?${query.toString()}`, { signal })).alerts;
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.length < PAGE_SIZE ? null : (page.at(-1)?.offset ?? null)),
  });
}

interface FiltersProps {
  filter: URLSearchParams;
  onChange: (name: string, value: string | null) => void;
}

function Filters({ filter, onChange }: FiltersProps): ReactElement {
  const cameras = useCameras().data ?? [];
  const people = usePeople({}).data?.pages.flatMap((page) => page.people) ?? [];
  const select = (name: string, label: string, placeholder: string, data: { value: string; label: string }[]): ReactElement => (
    <Select
      label={label}
      placeholder={placeholder}
      data={data}
      value={filter.get(name)}
      onChange={(value) => {
        onChange(name, value);
      }}
      clearable
      clearButtonProps={{ 'aria-label': placeholder }}
      searchable={data.length > 8}
    />
  );
  return (
    <div className={styles.filters}>
      {select('state', historyText.state, historyText.anyState, STATES.map((state) => ({ value: state, label: text.alertState[state] })))}
      {useMay('see_cameras')
        ? select('camera', historyText.camera, historyText.anyCamera, cameras.map(({ id, name }) => ({ value: id, label: name })))
        : null}
      {useMay('see_people')
        ? select('person', historyText.person, historyText.anyPerson, people.map(({ id, name }) => ({ value: id, label: name })))
        : null}
    </div>
  );
}
