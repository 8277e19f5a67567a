import { ActionIcon, Button, Progress } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconCircleCheck, IconCircleX, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';

import { request } from '../api/http.ts';
import type { Person, Reference } from '../api/types.ts';
import { notifyFailed } from '../feedback/notify.ts';
import { Failed, LoadingRows } from '../feedback/states.tsx';
import { DropArea } from '../pictures/drop_area.tsx';
import { BlobImage, Picture } from '../pictures/picture.tsx';
import { useMay } from '../session/session.ts';
import { peopleText } from '../text/people.ts';
import styles from './photos.module.css';
import { outdatePeople, personUrl, useReferences } from './queries.ts';
import type { Upload } from './use_uploads.ts';
import { useUploads } from './use_uploads.ts';

/** The enrolled photos of a person, and adding more. */
export function Photos({ person }: { person: Person }): ReactElement {
  const references = useReferences(person.id);
  const { uploads, add, clear } = useUploads(person.id);
  const mayManage = useMay('manage_people');
  const busy = uploads.some((one) => one.state === 'sending' || one.state === 'checking');
  return (
    <section className={styles.photos} aria-labelledby="photos-title">
      <h2 id="photos-title">{peopleText.photosTitle}</h2>
      {mayManage ? (
        <DropArea title={peopleText.drop} hint={peopleText.photosHint} chooseLabel={peopleText.choose} multiple onFiles={add} />
      ) : null}
      {uploads.length === 0 ? null : (
        <>
          <ul className={styles.uploads} aria-live="polite">
            {uploads.map((one) => (
              <UploadRow key={one.id} upload={one} />
            ))}
          </ul>
          {busy ? null : (
            <Button variant="subtle" size="xs" justify="flex-start" onClick={clear} className={styles.clear}>
              {peopleText.clearResults}
            </Button>
          )}
        </>
      )}
      {references.error !== null && references.data === undefined ? (
        <Failed error={references.error} onRetry={references.refetch} />
      ) : references.data === undefined ? (
        <LoadingRows label={peopleText.photosTitle} rows={1} height={170} />
      ) : references.data.length === 0 ? (
        <p className={styles.none}>{peopleText.noPhotos}</p>
      ) : (
        <ul className={styles.grid}>
          {references.data.map((reference) => (
            <Photo key={reference.id} person={person} reference={reference} mayManage={mayManage} />
          ))}
        </ul>
      )}
    </section>
  );
}

function UploadRow({ upload }: { upload: Upload }): ReactElement {
  const { file, state, progress, reasons, quality } = upload;
  return (
    <li className={styles.upload} data-state={state} data-testid="upload">
      <span className={styles.thumb}>
        <BlobImage blob={file} alt={file.name} />
      </span>
      <div className={styles.words}>
        <b>{file.name}</b>
        {state === 'sending' || state === 'checking' ? (
          <>
            <span>{peopleText[state === 'sending' ? 'uploading' : 'checking']}</span>
            <Progress value={progress * 100} size="sm" animated={state === 'checking'} aria-label={`${peopleText.uploading}: ${file.name}`} />
          </>
        ) : (
          <span className={styles.outcome}>
            {state === 'accepted' ? <IconCircleCheck size={17} aria-hidden /> : <IconCircleX size={17} aria-hidden />}
            {peopleText[state]}
            {quality === null ? '' : ` · ${peopleText.quality(quality)}`}
          </span>
        )}
        {reasons.map((reason) => (
          <p key={reason}>{reason}</p>
        ))}
      </div>
    </li>
  );
}

function Photo({ person, reference, mayManage }: { person: Person; reference: Reference; mayManage: boolean }): ReactElement {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(`${personUrl(person.id)}/references/${encodeURIComponent(reference.id)}`, { method: 'DELETE' }),
    onError: notifyFailed,
    onSettled: () => outdatePeople(queries),
  });
  return (
    <li className={styles.photo} data-testid="reference">
      <Picture url={reference.image_url} alt={peopleText.photoOf(person.name, reference.file_name)} className={styles.image} />
      <div className={styles.caption}>
        <span title={reference.file_name}>{reference.file_name}</span>
        <small>{peopleText.quality(reference.quality)}</small>
      </div>
      {mayManage ? (
        <ActionIcon
          className={styles.remove}
          variant="filled"
          color="dark"
          size={34}
          loading={remove.isPending}
          aria-label={peopleText.removePhoto(reference.file_name)}
          onClick={() => {
            remove.mutate();
          }}
        >
          <IconTrash size={17} />
        </ActionIcon>
      ) : null}
    </li>
  );
}
