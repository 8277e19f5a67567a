import { Loader } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import { similarityFigure } from '../alerts/describe.ts';
import { SimilarityWords } from '../alerts/similarity.tsx';
import { request } from '../api/http.ts';
import type { Identification, IdentifiedFace } from '../api/types.ts';
import { Page } from '../feedback/page.tsx';
import { Failed } from '../feedback/states.tsx';
import { DropArea } from '../pictures/drop_area.tsx';
import { captureText } from '../text/capture.ts';
import { identifyText, peopleText } from '../text/people.ts';
import styles from './identify_page.module.css';
import { IdentifiedPicture } from './identified_picture.tsx';

/** Compares a picture with everybody enrolled. */
export default function IdentifyPage(): ReactElement {
  const [file, setFile] = useState<File | null>(null);
  const identify = useMutation({
    mutationFn: (picture: File) => {
      const form = new FormData();
      form.append('image', picture, picture.name);
      return request<Identification>('/api/identify', { method: 'POST', form });
    },
  });
  const result = identify.data;
  return (
    <Page title={identifyText.title}>
      <div className={styles.page}>
        <DropArea
          title={identifyText.drop}
          hint={identifyText.lead}
          chooseLabel={captureText.choose}
          disabled={identify.isPending}
          onFiles={([picture]) => {
            if (picture === undefined) return;
            setFile(picture);
            identify.mutate(picture);
          }}
        />
        {identify.error === null ? null : <Failed error={identify.error} />}
        {identify.isPending ? (
          <p className={styles.working} role="status">
            <Loader size="sm" /> {identifyText.working}
          </p>
        ) : null}
        {result === undefined || file === null || identify.isPending ? null : (
          <div className={styles.result} data-testid="identification">
            <IdentifiedPicture file={file} result={result} />
            <div className={styles.list}>
              <h2>{result.faces.length === 0 ? identifyText.none : identifyText.found(result.faces.length)}</h2>
              <ol>
                {result.faces.map((face) => (
                  <FaceRow key={face.bbox.join()} face={face} />
                ))}
              </ol>
            </div>
          </div>
        )}
      </div>
    </Page>
  );
}

function FaceRow({ face }: { face: IdentifiedFace }): ReactElement {
  return (
    <li className={styles.face} data-known={face.person !== null || undefined}>
      {face.person === null ? (
        <b>{identifyText.unknown}</b>
      ) : (
        <Link to={`/people/${face.person.id}`}>{face.person.name}</Link>
      )}
      {face.similarity === null ? null : face.person === null ? (
        <span>{identifyText.nearest(similarityFigure(face.similarity))}</span>
      ) : (
        <SimilarityWords value={face.similarity} />
      )}
      <span>{peopleText.quality(face.quality)}</span>
      {face.reasons.length === 0 ? null : <span className={styles.reasons}>{face.reasons.join(' ').replaceAll('_', ' ')}</span>}
    </li>
  );
}
