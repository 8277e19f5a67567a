import { Button } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import { SimilarityWords } from '../alerts/similarity.tsx';
import type { Sighting } from '../api/past_types.ts';
import { Picture } from '../pictures/picture.tsx';
import { useMay } from '../session/session.ts';
import { alertsText } from '../text/alerts.ts';
import { searchText } from '../text/search.ts';
import { strangersText } from '../text/strangers.ts';
import { Clock } from '../times/time.tsx';
import NotThisPerson from './not_this_person.tsx';
import styles from './search_page.module.css';

interface SightingCardProps {
  sighting: Sighting;
  similarity?: number;
  onLike?: (sighting: Sighting) => void;
  action?: ReactElement;
}

/** What one track of a face left: the picture, where and when, and who it is as far as that is known. */
export function SightingCard({ sighting, similarity, onLike, action }: SightingCardProps): ReactElement {
  const { camera, person, stranger } = sighting;
  const mayIdentify = useMay('identify');
  return (
    <li className={styles.card} data-testid="sighting">
      <Picture url={sighting.picture_url} alt={searchText.pictureOf(nameOf(sighting), camera.name)} className={styles.face} />
      <div className={styles.words}>
        {person !== null ? (
          <Link to={`/people/${person.id}#timeline`}>{person.name}</Link>
        ) : stranger !== null ? (
          <Link to={`/strangers/${stranger.id}`}>{strangersText.name(stranger.number)}</Link>
        ) : (
          <b>{alertsText.unknownName}</b>
        )}
        {similarity === undefined ? null : <SimilarityWords value={similarity} />}
        <span>{camera.name === '' ? searchText.removedCamera : camera.name}</span>
        <span>
          <Clock at={sighting.first_seen} />
        </span>
        {sighting.live !== null && sighting.live < 0.5 ? <span className={styles.attack}>{searchText.attack}</span> : null}
      </div>
      <div className={styles.acts}>
        {onLike === undefined || !mayIdentify ? null : (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconSearch size={15} />}
            onClick={() => {
              onLike(sighting);
            }}
          >
            {searchText.like}
          </Button>
        )}
        {person === null ? null : <NotThisPerson of={{ sighting_id: sighting.id, person_id: person.id }} name={person.name} />}
        {action}
      </div>
    </li>
  );
}

export function nameOf({ person, stranger }: Sighting): string {
  return person?.name ?? (stranger === null ? alertsText.unknownName : strangersText.name(stranger.number));
}
