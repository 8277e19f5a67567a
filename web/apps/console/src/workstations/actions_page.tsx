import '../theme/form_styles.ts';

import { Button, Select, TextInput } from '@mantine/core';
import { IconDeviceDesktop, IconDownload, IconListSearch } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';

import { saveFrom } from '../analyse/save_file.ts';
import type { ActionEntry, WorkstationAction } from '../api/workstation_types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { usePeople } from '../people/queries.ts';
import { msOf } from '../search/filter.ts';
import { actionsText } from '../text/workstations.ts';
import { ActionRow } from './action_row.tsx';
import styles from './actions_page.module.css';
import { runsOf } from './describe.ts';
import { EvidenceDialog } from './evidence_dialog.tsx';
import { useActions, useWorkstations } from './queries.ts';

const ACTIONS: readonly WorkstationAction[] = ['ACTION_SIGN_OUT', 'ACTION_LOCK_SCREEN', 'ACTION_WARNING', 'ACTION_ERROR'];

/** What workstations were told to do, with the evidence; the filters live in the address. */
export default function ActionsPage(): ReactElement {
  const [filter, setFilter] = useSearchParams();
  const [shown, setShown] = useState<ActionEntry | null>(null);
  const search = askedOf(filter);
  const actions = useActions(search);
  const entries = actions.data?.pages.flat() ?? [];
  const set = (name: string, value: string | null): void => {
    const next = new URLSearchParams(filter);
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
    setFilter(next, { replace: true });
  };
  return (
    <Page
      title={actionsText.title}
      actions={
        <>
          <Button component={Link} to="/workstations" variant="default" leftSection={<IconDeviceDesktop size={17} />}>
            {actionsText.back}
          </Button>
          <Button
            variant="default"
            leftSection={<IconDownload size={17} />}
            onClick={() => {
              saveFrom(`/api/workstations/actions?${search}&format=csv`, actionsText.exportName).catch(notifyFailed);
            }}
          >
            {actionsText.export}
          </Button>
        </>
      }
    >
      <p className={styles.lead}>{actionsText.lead}</p>
      <Filters filter={filter} onChange={set} />
      {actions.error !== null && actions.data === undefined ? (
        <Failed error={actions.error} onRetry={actions.refetch} />
      ) : actions.data === undefined ? (
        <LoadingRows label={actionsText.title} rows={6} height={64} />
      ) : entries.length === 0 ? (
        <Empty icon={<IconListSearch size={30} stroke={1.4} />} title={actionsText.emptyTitle}>
          {actionsText.empty}
        </Empty>
      ) : (
        <ul className={styles.rows}>
          {runsOf(entries).map((run) => (
            // New entries of a run come before it, so that its last one names it.
            <ActionRow key={run.at(-1)?.id} run={run} onShow={setShown} />
          ))}
        </ul>
      )}
      {actions.hasNextPage ? (
        <Button mt="md" fullWidth variant="default" loading={actions.isFetchingNextPage} onClick={() => void actions.fetchNextPage()}>
          {actionsText.older}
        </Button>
      ) : null}
      {shown === null ? null : (
        <EvidenceDialog
          entry={shown}
          onClose={() => {
            setShown(null);
          }}
        />
      )}
    </Page>
  );
}

/** What the server is asked, from what the address says; times there are the reader's own. */
function askedOf(filter: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const name of ['person_id', 'workstation', 'action']) {
    const value = filter.get(name);
    if (value !== null) asked.set(name, value);
  }
  for (const [name, field] of [['from', 'from_ms'], ['to', 'to_ms']] as const) {
    const ms = msOf(filter.get(name) ?? '');
    if (ms !== null) asked.set(field, String(ms));
  }
  return asked.toString();
}

interface FiltersProps {
  filter: URLSearchParams;
  onChange: (name: string, value: string | null) => void;
}

function Filters({ filter, onChange }: FiltersProps): ReactElement {
  const workstations = useWorkstations().data ?? [];
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
  const time = (name: 'from' | 'to'): ReactElement => (
    <TextInput
      type="datetime-local"
      label={actionsText[name]}
      value={filter.get(name) ?? ''}
      onChange={(event) => {
        onChange(name, event.currentTarget.value);
      }}
    />
  );
  return (
    <div className={styles.filters}>
      {select('person_id', actionsText.user, actionsText.anyUser, people.map(({ id, name }) => ({ value: id, label: name })))}
      {select('workstation', actionsText.workstation, actionsText.anyWorkstation, workstations.map(({ name }) => ({ value: name, label: name })))}
      {select('action', actionsText.action, actionsText.anyAction, ACTIONS.map((value) => ({ value, label: actionsText.actions[value] })))}
      {time('from')}
      {time('to')}
    </div>
  );
}
