import '../theme/form_styles.ts';

import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconHistory, IconPencil, IconSearch, IconTrash, IconUserOff } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { ApiError, request } from '../api/http.ts';
import type { ErasureReceipt, Person } from '../api/types.ts';
import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed } from '../feedback/states.tsx';
import { Picture } from '../pictures/picture.tsx';
import { useLive } from '../live/live_context.ts';
import { useMay } from '../session/session.ts';
import { text } from '../text/everywhere.ts';
import { peopleText } from '../text/people.ts';
import { searchText } from '../text/search.ts';
import { Day } from '../times/time.tsx';
import { EraseDialog } from './erase_dialog.tsx';
import { ErasedReceipt } from './erased_receipt.tsx';
import styles from './person_page.module.css';
import { PersonDialog } from './person_dialog.tsx';
import { Photos } from './photos.tsx';
import { outdatePeople, personUrl, usePerson } from './queries.ts';
import { WatchListPicker } from './watch_list_picker.tsx';

const Rejections = fetched(() => import('./rejections.tsx'));
const Timeline = fetched(() => import('../search/timeline_view.tsx'));

/** One person: who, on which lists, with which photos; and how to erase them. */
export default function PersonPage(): ReactElement {
  const { personId = '' } = useParams();
  const { data: person, error, refetch } = usePerson(personId);
  const erased = useLive().state.erased.includes(personId);
  const [receipt, setReceipt] = useState<ErasureReceipt | null>(null);
  if (receipt !== null) return <ErasedReceipt receipt={receipt} />;
  if (erased || (error instanceof ApiError && error.status === 404)) {
    return <Empty heading="h1" icon={<IconUserOff size={30} stroke={1.4} />} title={peopleText.notFound} />;
  }
  if (person === undefined) {
    return (
      <Page title={peopleText.title}>{error === null ? <Skeleton height={300} /> : <Failed error={error} onRetry={refetch} />}</Page>
    );
  }
  return <Loaded person={person} onErased={setReceipt} />;
}

function Loaded({ person, onErased }: { person: Person; onErased: (receipt: ErasureReceipt) => void }): ReactElement {
  const [open, setOpen] = useState<'edit' | 'erase' | null>(null);
  const mayManage = useMay('manage_people');
  const mayIdentify = useMay('identify');
  const close = (): void => {
    setOpen(null);
  };
  return (
    <Page
      title={person.name}
      actions={
        <>
          <Button component={Link} to={`/history?person=${person.id}`} variant="default" leftSection={<IconHistory size={17} />}>
            {peopleText.alertsOf}
          </Button>
          {mayIdentify && person.references > 0 ? (
            <Button component={Link} to={`/search?person=${person.id}`} variant="default" leftSection={<IconSearch size={17} />}>
              {searchText.like}
            </Button>
          ) : null}
          {mayManage ? (
            <Button
              variant="default"
              leftSection={<IconPencil size={17} />}
              onClick={() => {
                setOpen('edit');
              }}
            >
              {text.actions.edit}
            </Button>
          ) : null}
        </>
      }
    >
      <div className={styles.columns}>
        <div className={styles.side}>
          <Picture url={person.portrait_url} alt={peopleText.portrait(person.name)} className={styles.portrait} />
          <Facts person={person} />
          <Membership person={person} />
          {mayManage ? (
            <Button
              variant="subtle"
              color="red"
              justify="flex-start"
              px={0}
              leftSection={<IconTrash size={17} />}
              onClick={() => {
                setOpen('erase');
              }}
            >
              {peopleText.erase}
            </Button>
          ) : null}
        </div>
        <div className={styles.main}>
          <Photos person={person} />
          <OptionalPart>
            <Rejections person={person} />
          </OptionalPart>
          <OptionalPart>
            <Timeline owner="people" id={person.id} />
          </OptionalPart>
        </div>
      </div>
      {open === 'edit' ? <PersonDialog person={person} onClose={close} /> : null}
      {open === 'erase' ? <EraseDialog person={person} onClose={close} onErased={onErased} /> : null}
    </Page>
  );
}

function Facts({ person }: { person: Person }): ReactElement {
  return (
    <dl className={styles.facts}>
      {person.age === null ? null : (
        <div>
          <dt>{peopleText.age}</dt>
          <dd>{person.age}</dd>
        </div>
      )}
      <div>
        <dt>{peopleText.enrolled}</dt>
        <dd>
          <Day at={person.created_at} />
        </dd>
      </div>
      {person.description === '' ? null : (
        <div>
          <dt>{peopleText.description}</dt>
          <dd>{person.description}</dd>
        </div>
      )}
    </dl>
  );
}

function Membership({ person }: { person: Person }): ReactElement {
  const queries = useQueryClient();
  const mayManage = useMay('manage_people');
  const change = useMutation({
    mutationFn: (watch_lists: string[]) => request<Person>(personUrl(person.id), { method: 'PATCH', json: { watch_lists } }),
    onError: notifyFailed,
    onSettled: () => outdatePeople(queries),
  });
  return (
    <WatchListPicker
      value={change.isPending ? change.variables : person.watch_lists}
      disabled={!mayManage}
      onChange={(lists) => {
        change.mutate(lists);
      }}
    />
  );
}
