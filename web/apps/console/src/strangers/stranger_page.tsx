import '../theme/form_styles.ts';

import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconEye, IconEyeOff, IconSearch, IconTrash, IconUserOff, IconUserPlus, IconUsersMinus } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';

import { ApiError, request } from '../api/http.ts';
import type { Sighting, Stranger, StrangerReceipt } from '../api/past_types.ts';
import { Confirm } from '../feedback/confirm.tsx';
import { notifyDone, notifyFailed } from '../feedback/notify.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed } from '../feedback/states.tsx';
import { notifyUndo } from '../feedback/undo.tsx';
import { FootageChoice } from '../people/person_footage.tsx';
import { Picture } from '../pictures/picture.tsx';
import { endsSomebody, outdatePast } from '../search/queries.ts';
import TimelineView from '../search/timeline_view.tsx';
import { useMay } from '../session/session.ts';
import { peopleText } from '../text/people.ts';
import { searchText, timelineText } from '../text/search.ts';
import { strangersText } from '../text/strangers.ts';
import { Clock } from '../times/time.tsx';
import { EnrolDialog } from './enrol_dialog.tsx';
import { strangerUrl, useStranger } from './queries.ts';
import styles from './strangers_page.module.css';

/** One stranger: where they were, and who they are, once somebody knows. */
export default function StrangerPage(): ReactElement {
  const { strangerId = '' } = useParams();
  const [receipt, setReceipt] = useState<StrangerReceipt | null>(null);
  return receipt === null ? <Asked strangerId={strangerId} onErased={setReceipt} /> : <Erased receipt={receipt} />;
}

type OnErased = (receipt: StrangerReceipt) => void;

function Asked({ strangerId, onErased }: { strangerId: string; onErased: OnErased }): ReactElement {
  const { data: stranger, error, refetch } = useStranger(strangerId);
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Empty
        heading="h1"
        icon={<IconUserOff size={30} stroke={1.4} />}
        title={strangersText.notFound}
        action={
          <Button component={Link} to="/strangers" variant="default">
            {strangersText.title}
          </Button>
        }
      />
    );
  }
  if (stranger === undefined) {
    return (
      <Page title={strangersText.title}>{error === null ? <Skeleton height={300} /> : <Failed error={error} onRetry={refetch} />}</Page>
    );
  }
  return <Loaded stranger={stranger} onErased={onErased} />;
}

/** Forgets them here too, once nothing of them is shown any more: what is shown would ask for them again. */
function Erased({ receipt }: { receipt: StrangerReceipt }): ReactElement {
  const queries = useQueryClient();
  const navigate = useNavigate();
  useEffect(() => {
    queries.removeQueries({ queryKey: ['past', 'strangers'] });
    queries.removeQueries({ queryKey: ['picture'] });
    void outdatePast(queries, true);
    notifyDone(strangersText.erased(receipt.number, receipt.sightings, receipt.pictures));
    void navigate('/strangers');
  }, [queries, navigate, receipt]);
  return (
    <Page title={strangersText.title}>
      <Skeleton height={300} />
    </Page>
  );
}

function Loaded({ stranger, onErased }: { stranger: Stranger; onErased: OnErased }): ReactElement {
  const [open, setOpen] = useState<'enrol' | 'erase' | null>(null);
  const mayManage = useMay('manage_people');
  const mayIdentify = useMay('identify');
  const { number, first_seen, last_seen } = stranger;
  const close = (): void => {
    setOpen(null);
  };
  const best = /\/api\/sightings\/([^/]+)\//.exec(stranger.picture_url ?? '')?.[1];
  return (
    <Page
      title={strangersText.name(number)}
      aside={stranger.state === 'ignored' ? strangersText.states.ignored : undefined}
      actions={
        <>
          {mayIdentify && best !== undefined ? (
            <Button component={Link} to={`/search?sighting=${best}`} variant="default" leftSection={<IconSearch size={17} />}>
              {searchText.like}
            </Button>
          ) : null}
          {mayManage ? (
            <>
              <Ignore stranger={stranger} />
              <Button
                leftSection={<IconUserPlus size={17} />}
                onClick={() => {
                  setOpen('enrol');
                }}
              >
                {strangersText.enrol}
              </Button>
            </>
          ) : null}
        </>
      }
    >
      <div className={styles.columns}>
        <div className={styles.side}>
          <Picture url={stranger.picture_url} alt={strangersText.picture(number)} className={styles.portrait} />
          <dl className={styles.facts}>
            <Fact name={strangersText.seen}>{timelineText.times(stranger.sightings)}</Fact>
            {first_seen === null ? null : (
              <Fact name={strangersText.first}>
                <Clock at={first_seen} />
              </Fact>
            )}
            {last_seen === null ? null : (
              <Fact name={strangersText.last}>
                <Clock at={last_seen} />
              </Fact>
            )}
            {stranger.merged.length === 0 ? null : <Fact name={strangersText.with}>{strangersText.includes(stranger.merged)}</Fact>}
          </dl>
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
              {strangersText.erase}
            </Button>
          ) : null}
        </div>
        <TimelineView
          owner="strangers"
          id={stranger.id}
          startAt={last_seen}
          {...(mayManage && stranger.sightings > 1
            ? { actionFor: (sighting: Sighting) => <Split stranger={stranger} sighting={sighting} /> }
            : {})}
        />
      </div>
      {open === 'enrol' ? <EnrolDialog stranger={stranger} onClose={close} /> : null}
      {open === 'erase' ? <EraseDialog stranger={stranger} onClose={close} onErased={onErased} /> : null}
    </Page>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Ignore({ stranger }: { stranger: Stranger }): ReactElement {
  const queries = useQueryClient();
  const ignored = stranger.state === 'ignored';
  const put = async (state: 'open' | 'ignored'): Promise<void> => {
    await request(strangerUrl(stranger.id), { method: 'PATCH', json: { state } });
    await outdatePast(queries);
  };
  const change = useMutation({
    mutationFn: put,
    onError: notifyFailed,
    // What was asked for, not what is shown: that is the new state by now.
    onSuccess: (_, state) => {
      if (state === 'open') notifyDone(strangersText.noticed(stranger.number));
      else notifyUndo(strangersText.ignored(stranger.number), () => put('open'));
    },
  });
  return (
    <Button
      variant="default"
      loading={change.isPending}
      leftSection={ignored ? <IconEye size={17} /> : <IconEyeOff size={17} />}
      onClick={() => {
        change.mutate(ignored ? 'open' : 'ignored');
      }}
    >
      {ignored ? strangersText.notice : strangersText.ignore}
    </Button>
  );
}

/** Takes a sighting of somebody else out; the new stranger can be merged back. */
function Split({ stranger, sighting }: { stranger: Stranger; sighting: Sighting }): ReactElement {
  const queries = useQueryClient();
  const split = useMutation({
    mutationFn: () => request<Stranger>(`${strangerUrl(stranger.id)}/split`, { method: 'POST', json: { sighting_id: sighting.id } }),
    onError: notifyFailed,
    onSuccess: async (made) => {
      notifyUndo(strangersText.split(made.number), async () => {
        await request(`${strangerUrl(made.id)}/merge`, { method: 'POST', json: { into: stranger.id } });
        await outdatePast(queries);
      });
      await outdatePast(queries);
    },
  });
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      leftSection={<IconUsersMinus size={15} />}
      loading={split.isPending}
      onClick={() => {
        split.mutate();
      }}
    >
      {strangersText.somebodyElse}
    </Button>
  );
}

function EraseDialog({ stranger, onClose, onErased }: { stranger: Stranger; onClose: () => void; onErased: OnErased }): ReactElement {
  const [footageToo, setFootageToo] = useState(false);
  const queries = useQueryClient();
  const erase = useMutation({
    ...endsSomebody(queries),
    mutationFn: () => request<StrangerReceipt>(`${strangerUrl(stranger.id)}${footageToo ? '?footage=true' : ''}`, { method: 'DELETE' }),
    onError: notifyFailed,
    onSuccess: onErased,
  });
  return (
    <Confirm
      title={strangersText.eraseTitle(stranger.number)}
      body={strangersText.eraseBody}
      action={peopleText.eraseButton}
      busy={erase.isPending}
      onConfirm={() => {
        erase.mutate();
      }}
      onClose={onClose}
    >
      <FootageChoice owner={strangerUrl(stranger.id)} chosen={footageToo} onChange={setFootageToo} />
    </Confirm>
  );
}
