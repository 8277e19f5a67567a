import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconMailOff, IconMailCheck } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { DeadLetter } from '../api/types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Failed, LoadingRows } from '../feedback/states.tsx';
import { channelsText } from '../text/channels.ts';
import { text } from '../text/everywhere.ts';
import { Clock } from '../times/time.tsx';
import styles from './channels_page.module.css';
import { useDeadLetters } from './queries.ts';

/** What could not be told, why, and what to do about it. */
export function DeadLetters(): ReactElement {
  const dead = useDeadLetters();
  const [discarding, setDiscarding] = useState<DeadLetter | null>(null);
  const letters = dead.data?.pages.flat() ?? [];
  return (
    <section className={styles.dead} aria-labelledby="dead-title">
      <h2 id="dead-title">{channelsText.deadTitle}</h2>
      <p className={styles.lead}>{channelsText.deadLead}</p>
      {dead.error !== null && dead.data === undefined ? (
        <Failed error={dead.error} onRetry={dead.refetch} />
      ) : dead.data === undefined ? (
        <LoadingRows label={channelsText.deadTitle} rows={2} height={68} />
      ) : letters.length === 0 ? (
        <p className={styles.none}>
          <IconMailCheck size={19} stroke={1.6} aria-hidden />
          {channelsText.deadEmpty}
        </p>
      ) : (
        <ul className={styles.letters}>
          {letters.map((letter) => (
            <Row
              key={letter.id}
              letter={letter}
              onDiscard={() => {
                setDiscarding(letter);
              }}
            />
          ))}
        </ul>
      )}
      {dead.hasNextPage ? (
        <Button mt="md" fullWidth variant="default" loading={dead.isFetchingNextPage} onClick={() => void dead.fetchNextPage()}>
          {channelsText.more}
        </Button>
      ) : null}
      {discarding === null ? null : (
        <DiscardDialog
          letter={discarding}
          onClose={() => {
            setDiscarding(null);
          }}
        />
      )}
    </section>
  );
}

function nameOf({ target, kind }: DeadLetter): string {
  return target ?? (kind === 'web_push' ? channelsText.someDevice : channelsText.kindNames[kind]);
}

function Row({ letter, onDiscard }: { letter: DeadLetter; onDiscard: () => void }): ReactElement {
  const queries = useQueryClient();
  const name = nameOf(letter);
  const retry = useMutation({
    mutationFn: () => request(`/api/dead-letters/${encodeURIComponent(letter.id)}/retry`, { method: 'POST' }),
    onSuccess: () => {
      notifyDone(channelsText.retried);
    },
    onError: notifyFailed,
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['dead-letters'] }), queries.invalidateQueries({ queryKey: ['channels'] })]),
  });
  return (
    <li data-testid="dead-letter">
      <IconMailOff size={20} stroke={1.6} aria-hidden />
      <div>
        <b>
          {name} <small>{channelsText.kindNames[letter.kind]}</small>
        </b>
        <span className={styles.problem}>{letter.problem}</span>
        <span>
          {channelsText.eventNames[letter.event]} · <Clock at={letter.given_up_at} /> · {channelsText.deadTries(letter.attempts)} ·{' '}
          <Link to={`/alerts/${letter.alert_id}`}>{channelsText.toAlert}</Link>
        </span>
      </div>
      <div className={styles.controls}>
        <Button
          size="sm"
          variant="default"
          loading={retry.isPending}
          aria-label={channelsText.retryOf(name)}
          onClick={() => {
            retry.mutate();
          }}
        >
          {channelsText.retry}
        </Button>
        <Button size="sm" variant="subtle" color="red" aria-label={channelsText.discardOf(name)} onClick={onDiscard}>
          {text.actions.discard}
        </Button>
      </div>
    </li>
  );
}

function DiscardDialog({ letter, onClose }: { letter: DeadLetter; onClose: () => void }): ReactElement {
  const queries = useQueryClient();
  const drop = useMutation({
    mutationFn: () => request(`/api/dead-letters/${encodeURIComponent(letter.id)}`, { method: 'DELETE' }),
    onError: notifyFailed,
    onSettled: async () => {
      await Promise.all([queries.invalidateQueries({ queryKey: ['dead-letters'] }), queries.invalidateQueries({ queryKey: ['channels'] })]);
      onClose();
    },
  });
  return (
    <Confirm
      title={channelsText.discardTitle}
      body={channelsText.discard}
      action={text.actions.discard}
      busy={drop.isPending}
      onConfirm={() => {
        drop.mutate();
      }}
      onClose={onClose}
    />
  );
}
