import '../theme/form_styles.ts';

import { Button, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconAlertTriangle, IconPlus, IconSearch, IconUsers } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';

import type { Person } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { Picture } from '../pictures/picture.tsx';
import { useMay } from '../session/session.ts';
import { peopleText } from '../text/people.ts';
import styles from './people_page.module.css';
import { PersonDialog } from './person_dialog.tsx';
import { usePeople, useWatchLists } from './queries.ts';

const TYPING_MS = 250;

/** Everybody who is enrolled. */
export default function PeoplePage(): ReactElement {
  const [parameters, setParameters] = useSearchParams();
  const [words, setWords] = useState('');
  const [query] = useDebouncedValue(words.trim(), TYPING_MS);
  const watchList = parameters.get('list');
  const lists = useWatchLists().data ?? [];
  const people = usePeople({ query, watchList });
  const found = people.data?.pages.flatMap((page) => page.people) ?? [];
  const total = people.data?.pages.at(-1)?.total ?? null;
  const [adding, setAdding] = useState(false);
  const navigate = useNavigate();
  const mayManage = useMay('manage_people');
  const unfiltered = query === '' && watchList === null;
  const addButton = mayManage ? (
    <Button
      leftSection={<IconPlus size={18} />}
      onClick={() => {
        setAdding(true);
      }}
    >
      {peopleText.add}
    </Button>
  ) : undefined;
  return (
    <Page title={peopleText.title} aside={total === null ? null : peopleText.total(total)} actions={addButton}>
      <div className={styles.filters}>
        <TextInput
          type="search"
          aria-label={peopleText.searchLabel}
          placeholder={peopleText.searchPlaceholder}
          leftSection={<IconSearch size={17} stroke={1.7} />}
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
          }}
        />
        <Select
          aria-label={peopleText.filterList}
          placeholder={peopleText.anyList}
          data={lists.map(({ id, name }) => ({ value: id, label: name }))}
          value={watchList}
          onChange={(value) => {
            setParameters(value === null ? {} : { list: value }, { replace: true });
          }}
          clearable
          clearButtonProps={{ 'aria-label': peopleText.anyList }}
        />
      </div>
      {people.error !== null && people.data === undefined ? (
        <Failed error={people.error} onRetry={people.refetch} />
      ) : people.data === undefined ? (
        <LoadingRows label={peopleText.title} height={92} />
      ) : found.length === 0 ? (
        <Empty
          icon={<IconUsers size={30} stroke={1.4} />}
          title={unfiltered ? peopleText.emptyTitle : peopleText.noMatch}
          action={unfiltered ? addButton : undefined}
        >
          {unfiltered ? peopleText.empty : undefined}
        </Empty>
      ) : (
        <ul className={styles.grid}>
          {found.map((person) => (
            <PersonCard key={person.id} person={person} lists={lists.filter((list) => person.watch_lists.includes(list.id)).map((list) => list.name)} />
          ))}
        </ul>
      )}
      {people.hasNextPage ? (
        <Button mt="md" fullWidth variant="default" loading={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
          {peopleText.more}
        </Button>
      ) : null}
      {adding ? (
        <PersonDialog
          onClose={() => {
            setAdding(false);
          }}
          onSaved={(person) => void navigate(`/people/${person.id}`)}
        />
      ) : null}
    </Page>
  );
}

function PersonCard({ person, lists }: { person: Person; lists: readonly string[] }): ReactElement {
  return (
    <li className={styles.card} data-testid="person-card">
      <Picture url={person.portrait_url} alt={peopleText.portrait(person.name)} className={styles.portrait} />
      <div className={styles.words}>
        <Link to={`/people/${person.id}`} className={styles.name}>
          {person.name}
        </Link>
        {person.references === 0 ? (
          <span className={styles.warning}>
            <IconAlertTriangle size={14} aria-hidden />
            {peopleText.noPhotoWarning}
          </span>
        ) : (
          <span>{peopleText.photos(person.references)}</span>
        )}
        {lists.length === 0 ? null : <span className={styles.lists}>{lists.join(', ')}</span>}
      </div>
    </li>
  );
}
