import '../theme/form_styles.ts';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/FloatingIndicator.css';

import { Button, Checkbox, SegmentedControl } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconArrowMerge, IconUserQuestion } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { Stranger, StrangerState } from '../api/past_types.ts';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { notifyUndo } from '../feedback/undo.tsx';
import { Picture } from '../pictures/picture.tsx';
import { outdatePast } from '../search/queries.ts';
import { useMay } from '../session/session.ts';
import { peopleText } from '../text/people.ts';
import { timelineText } from '../text/search.ts';
import { strangersText } from '../text/strangers.ts';
import { Ago } from '../times/time.tsx';
import { strangerUrl, useStrangers } from './queries.ts';
import styles from './strangers_page.module.css';

const STATES: readonly StrangerState[] = ['open', 'ignored', 'merged'];

/** People whom nobody has enrolled, grouped by their faces. */
export default function StrangersPage(): ReactElement {
  const [state, setState] = useState<StrangerState>('open');
  const [chosen, setChosen] = useState<readonly Stranger[]>([]);
  const list = useStrangers(state);
  const mayManage = useMay('manage_people');
  const strangers = list.data?.pages.flat() ?? [];
  return (
    <Page title={strangersText.title}>
      <div className={styles.bar}>
        <SegmentedControl
          aria-label={strangersText.which}
          data={STATES.map((one) => ({ value: one, label: strangersText.states[one] }))}
          value={state}
          onChange={(next) => {
            setState(next);
            setChosen([]);
          }}
        />
        {mayManage && state === 'open' ? (
          <Merge
            chosen={chosen}
            onDone={() => {
              setChosen([]);
            }}
          />
        ) : null}
      </div>
      {list.error !== null && list.data === undefined ? (
        <Failed error={list.error} onRetry={list.refetch} />
      ) : list.isPending ? (
        <LoadingRows label={strangersText.title} height={120} />
      ) : strangers.length === 0 ? (
        <Empty icon={<IconUserQuestion size={30} stroke={1.4} />} title={strangersText.empty[state]}>
          {strangersText.emptyHints[state]}
        </Empty>
      ) : (
        <ul className={styles.cards}>
          {strangers.map((stranger) => (
            <Card
              key={stranger.id}
              stranger={stranger}
              chosen={mayManage && state === 'open' ? chosen.some(({ id }) => id === stranger.id) : null}
              mayManage={mayManage}
              onChoose={(on) => {
                setChosen(on ? [...chosen, stranger] : chosen.filter(({ id }) => id !== stranger.id));
              }}
            />
          ))}
        </ul>
      )}
      {list.hasNextPage ? (
        <Button mt="md" fullWidth variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {peopleText.more}
        </Button>
      ) : null}
    </Page>
  );
}

/** Two that were chosen are one person: the one seen first keeps its number. */
function Merge({ chosen, onDone }: { chosen: readonly Stranger[]; onDone: () => void }): ReactElement {
  const queries = useQueryClient();
  const [into, from] = [...chosen].sort((a, b) => a.number - b.number);
  const merge = useMutation({
    mutationFn: ([source, target]: readonly [Stranger, Stranger]) =>
      request<Stranger>(`${strangerUrl(source.id)}/merge`, { method: 'POST', json: { into: target.id } }),
    onError: notifyFailed,
    onSuccess: async (_, [source, target]) => {
      onDone();
      notifyUndo(strangersText.merged(source.number, target.number), async () => {
        await request(`${strangerUrl(source.id)}/unmerge`, { method: 'POST' });
        await outdatePast(queries);
      });
      await outdatePast(queries);
    },
  });
  const two = chosen.length === 2;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconArrowMerge size={17} />}
        disabled={!two}
        loading={merge.isPending}
        onClick={() => {
          if (from !== undefined && into !== undefined) merge.mutate([from, into]);
        }}
      >
        {strangersText.merge}
      </Button>
      <span role="status">{chosen.length === 0 ? strangersText.chooseHint : two ? '' : strangersText.chooseTwo(chosen.length)}</span>
    </>
  );
}

interface CardProps {
  stranger: Stranger;
  /** `null`: cannot be chosen. */
  chosen: boolean | null;
  mayManage: boolean;
  onChoose: (on: boolean) => void;
}

function Card({ stranger, chosen, mayManage, onChoose }: CardProps): ReactElement {
  const { number, sightings, last_seen, merged, merged_into, state } = stranger;
  return (
    <li className={styles.card} data-testid="stranger" data-chosen={chosen ?? undefined}>
      <Picture url={stranger.picture_url} alt={strangersText.picture(number)} className={styles.face} />
      <div className={styles.words}>
        {state === 'merged' ? (
          <b>{strangersText.name(number)}</b>
        ) : (
          <Link to={`/strangers/${stranger.id}`}>{strangersText.name(number)}</Link>
        )}
        <span>{timelineText.times(sightings)}</span>
        {last_seen === null ? null : (
          <span>
            {strangersText.last} <Ago at={last_seen} />
          </span>
        )}
        {merged.length === 0 ? null : <span>{strangersText.includes(merged)}</span>}
        {merged_into === null ? null : <span>{strangersText.mergedInto(merged_into)}</span>}
      </div>
      {chosen === null ? null : (
        <Checkbox
          className={styles.choose}
          aria-label={strangersText.choose(number)}
          checked={chosen}
          onChange={(event) => {
            onChoose(event.currentTarget.checked);
          }}
        />
      )}
      {state === 'merged' && mayManage ? <Unmerge stranger={stranger} /> : null}
    </li>
  );
}

function Unmerge({ stranger }: { stranger: Stranger }): ReactElement {
  const queries = useQueryClient();
  const unmerge = useMutation({
    mutationFn: () => request(`${strangerUrl(stranger.id)}/unmerge`, { method: 'POST' }),
    onError: notifyFailed,
    onSuccess: () => {
      notifyDone(strangersText.unmerged(stranger.number));
    },
    onSettled: () => outdatePast(queries),
  });
  return (
    <Button
      className={styles.unmerge}
      size="xs"
      variant="default"
      loading={unmerge.isPending}
      onClick={() => {
        unmerge.mutate();
      }}
    >
      {strangersText.unmerge}
    </Button>
  );
}
