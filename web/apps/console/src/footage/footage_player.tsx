import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { FootagePiece } from '../api/footage_types.ts';
import type { ApiError } from '../api/http.ts';
import { requestPicture } from '../api/http.ts';
import { Failed } from '../feedback/states.tsx';
import { footageText } from '../text/footage.ts';
import styles from './footage_page.module.css';

interface FootagePlayerProps {
  name: string;
  piece: FootagePiece;
  offsetS: number;
  /** What plays now was recorded at `atMs`. */
  onTime: (atMs: number) => void;
  onEnd: () => void;
}

/** Plays one piece from a time in it. */
export function FootagePlayer({ name, piece, offsetS, onTime, onEnd }: FootagePlayerProps): ReactElement {
  const { data, error, refetch } = useQuery<Blob, ApiError>({
    queryKey: ['footage', 'piece', piece.url],
    queryFn: ({ signal }) => requestPicture(piece.url, signal),
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const url = useObjectUrl(data);
  const video = useRef<HTMLVideoElement>(null);
  const [unplayable, setUnplayable] = useState(false);
  useEffect(() => {
    if (video.current !== null) video.current.currentTime = offsetS;
  }, [url, offsetS]);
  if (error !== null) return <Failed error={error} onRetry={refetch} />;
  if (url === null) {
    return (
      <div className={styles.stage} role="status" aria-label={footageText.video(name)}>
        <Loader size="sm" color="white" />
      </div>
    );
  }
  return (
    <>
      <video
        ref={video}
        className={styles.video}
        src={url}
        controls
        autoPlay
        muted
        playsInline
        aria-label={footageText.video(name)}
        onTimeUpdate={({ currentTarget }) => {
          onTime(piece.starts_at + currentTarget.currentTime * 1000);
        }}
        onEnded={onEnd}
        onError={() => {
          setUnplayable(true);
        }}
      />
      <div className={styles.under}>
        {unplayable ? <span role="alert">{footageText.cannotPlay}</span> : null}
        <Button
          component="a"
          href={url}
          download={`${name} ${new Date(piece.starts_at).toISOString().replaceAll(':', '-')}.${piece.media_type === 'video/webm' ? 'webm' : 'mp4'}`}
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<IconDownload size={15} />}
        >
          {footageText.download}
        </Button>
      </div>
    </>
  );
}

/** An address of a blob for as long as it is shown. */
function useObjectUrl(blob: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (blob === undefined) return undefined;
    const made = URL.createObjectURL(blob);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- an object URL is made and revoked with the blob
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [blob]);
  return url;
}
