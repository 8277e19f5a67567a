import '../theme/form_styles.ts';

import { Button, Loader, Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCamera, IconZoomQuestion } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';

import { request } from '../api/http.ts';
import type { SearchAnswer, Sighting } from '../api/past_types.ts';
import { OptionalPart } from '../app/crash.tsx';
import { fetched } from '../app/fetched.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { DropArea } from '../pictures/drop_area.tsx';
import { Picture, BlobImage } from '../pictures/picture.tsx';
import { captureText } from '../text/capture.ts';
import { searchText } from '../text/search.ts';
import type { SearchFilter } from './filter.ts';
import { NO_FILTER, searchForm } from './filter.ts';
import { Filters } from './filters.tsx';
import styles from './search_page.module.css';
import { SightingCard } from './sighting_card.tsx';

const CaptureDialog = fetched(() => import('../capture/capture_dialog.tsx'));
const INDEXING_POLL_MS = 2_000;

let pictures = 0;

/** Finds a face among everything that the cameras saw. */
export default function SearchPage(): ReactElement {
  const [address, setAddress] = useSearchParams();
  const [probe, setProbe] = useState<{ file: File; id: number } | null>(null);
  const [filter, setFilter] = useState<SearchFilter>(NO_FILTER);
  const [capturing, setCapturing] = useState(false);
  const sightingId = probe === null ? address.get('sighting') : null;
  const personId = probe === null && sightingId === null ? address.get('person') : null;
  const asked = probe !== null || sightingId !== null || personId !== null;
  const search = useQuery({
    queryKey: ['search', probe?.id ?? null, sightingId, personId, filter],
    queryFn: ({ signal }) =>
      request<SearchAnswer>('/api/search', { method: 'POST', form: searchForm({ file: probe?.file ?? null, sightingId, personId }, filter), signal }),
    enabled: asked,
    staleTime: Infinity,
    refetchInterval: (query) => (query.state.data?.indexing ? INDEXING_POLL_MS : false),
  });
  const take = ([file]: File[]): void => {
    if (file === undefined) return;
    pictures += 1;
    setProbe({ file, id: pictures });
  };
  return (
    <Page title={searchText.title}>
      <div className={styles.page}>
        <div className={styles.ask} data-asked={asked || undefined}>
          {asked ? <Probe file={probe?.file ?? null} sightingId={sightingId} /> : null}
          <DropArea
            title={asked ? searchText.another : searchText.drop}
            hint={searchText.lead}
            chooseLabel={captureText.choose}
            onFiles={take}
          />
        </div>
        <Button
          className={styles.capture}
          variant="default"
          leftSection={<IconCamera size={18} />}
          onClick={() => {
            setCapturing(true);
          }}
        >
          {captureText.use}
        </Button>
        <Filters filter={filter} onChange={setFilter} />
        {!asked ? null : search.error !== null ? (
          <Failed error={search.error} onRetry={search.refetch} />
        ) : search.data === undefined ? (
          <LoadingRows label={searchText.working} rows={3} height={110} />
        ) : (
          <Results
            answer={search.data}
            busy={search.isFetching}
            onLike={(sighting) => {
              setProbe(null);
              setAddress({ sighting: sighting.id });
              document.getElementById('content')?.scrollTo({ top: 0 });
            }}
          />
        )}
      </div>
      {capturing ? (
        <OptionalPart>
          <CaptureDialog
            onClose={() => {
              setCapturing(false);
            }}
            onFile={(file) => {
              take([file]);
            }}
          />
        </OptionalPart>
      ) : null}
    </Page>
  );
}

/** What is searched for. */
function Probe({ file, sightingId }: { file: File | null; sightingId: string | null }): ReactElement | null {
  if (file !== null) {
    return (
      <span className={styles.probe}>
        <BlobImage blob={file} alt={searchText.probe} />
      </span>
    );
  }
  if (sightingId === null) return null;
  return <Picture url={`/api/sightings/${encodeURIComponent(sightingId)}/picture`} alt={searchText.probe} className={styles.probe} />;
}

interface ResultsProps {
  answer: SearchAnswer;
  busy: boolean;
  onLike: (sighting: Sighting) => void;
}

function Results({ answer, busy, onLike }: ResultsProps): ReactElement {
  const { hits, indexing, probe, other_models: otherModels } = answer;
  return (
    <section aria-labelledby="hits-title" className={styles.results}>
      <h2 id="hits-title">
        {searchText.found(hits.length)} {busy ? <Loader size={16} aria-label={searchText.working} /> : null}
      </h2>
      {probe !== null && probe.faces > 1 ? <p className={styles.note}>{searchText.largest(probe.faces)}</p> : null}
      {probe !== null && probe.reasons.length > 0 ? (
        <p className={styles.note}>{searchText.poor(probe.reasons.join(', ').replaceAll('_', ' '))}</p>
      ) : null}
      {otherModels === 0 ? null : <p className={styles.note}>{searchText.otherModels(otherModels)}</p>}
      {indexing === null ? null : (
        <div className={styles.indexing} role="status">
          <span>{searchText.indexing(indexing.indexed, indexing.total)}</span>
          <Progress value={(indexing.indexed / Math.max(indexing.total, 1)) * 100} aria-label={searchText.indexing(indexing.indexed, indexing.total)} />
        </div>
      )}
      {hits.length === 0 ? (
        <Empty icon={<IconZoomQuestion size={30} stroke={1.4} />} title={searchText.none}>
          {searchText.noneHint}
        </Empty>
      ) : (
        <ul className={styles.cards}>
          {hits.map(({ sighting, similarity }) => (
            <SightingCard key={sighting.id} sighting={sighting} similarity={similarity} onLike={onLike} />
          ))}
        </ul>
      )}
    </section>
  );
}
