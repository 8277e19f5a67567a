import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactElement, RefCallback } from 'react';
import { useCallback, useState } from 'react';

import type { AnalysisJob } from '../api/analysis_types.ts';
import { BlobImage } from '../pictures/picture.tsx';
import { usePicture } from '../pictures/use_picture.ts';
import { alertsText } from '../text/alerts.ts';
import { analyseText } from '../text/analyse.ts';
import styles from './analyse.module.css';
import { saveBlob } from './save_file.ts';

const SHOWN_AT_FIRST = 6;

/** The files of an analysis with what was found drawn into them. */
export function AnnotatedFiles({ job }: { job: AnalysisJob }): ReactElement {
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  return (
    <>
      <ul className={styles.annotated}>
        {job.files.slice(0, shown).map(({ name }, index) => (
          <Annotated key={index} url={`/api/analyses/${encodeURIComponent(job.id)}/files/${String(index)}/annotated`} name={name} />
        ))}
      </ul>
      {job.files.length > shown ? (
        <Button size="xs" variant="default" onClick={() => {
          setShown(shown + SHOWN_AT_FIRST);
        }}>
          {alertsText.more(job.files.length - shown)}
        </Button>
      ) : null}
    </>
  );
}

function Annotated({ url, name }: { url: string; name: string }): ReactElement {
  const { blob, error } = usePicture(url);
  const isVideo = blob?.type.startsWith('video/') ?? false;
  return (
    <li>
      {blob === undefined ? (
        <span className={styles.waiting}>{error === null ? '' : error.message}</span>
      ) : isVideo ? (
        <Recording blob={blob} name={name} />
      ) : (
        <BlobImage blob={blob} alt={analyseText.shown(name)} />
      )}
      <span className={styles.caption}>
        {name}
        {blob === undefined ? null : (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconDownload size={14} />}
            aria-label={analyseText.download(analyseText.annotated, name)}
            onClick={() => {
              saveBlob(blob, `${name.replace(/\.[^.]+$/, '')}-annotated.${isVideo ? 'webm' : 'jpg'}`);
            }}
          >
            {analyseText.annotated}
          </Button>
        )}
      </span>
    </li>
  );
}

function Recording({ blob, name }: { blob: Blob; name: string }): ReactElement {
  const source: RefCallback<HTMLVideoElement> = useCallback(
    (video: HTMLVideoElement | null) => {
      if (video === null) return undefined;
      const url = URL.createObjectURL(blob);
      video.src = url;
      return () => {
        URL.revokeObjectURL(url);
      };
    },
    [blob],
  );
  return <video ref={source} controls muted playsInline aria-label={analyseText.shown(name)} />;
}
