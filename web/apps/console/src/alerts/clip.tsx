import { Button, Loader } from '@mantine/core';
import type { Alert } from '@sightline/client';
import { IconDownload, IconFlag3, IconPlayerPlayFilled } from '@tabler/icons-react';
import type { CSSProperties, ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';

import type { AlertClip } from '../api/clip_types.ts';
import { text } from '../text/everywhere.ts';
import { clipsText } from '../text/clips.ts';
import styles from './clip.module.css';
import { Snapshot } from './snapshot.tsx';
import { useClip, useClipFile } from './use_clip.ts';

/** What was before and after an alert. Until it is played, the picture of its moment stands for it. */
export function Clip({ alert }: { alert: Alert }): ReactElement {
  const clip = useClip(alert.alert_id);
  const [wanted, setWanted] = useState(false);
  if (clip?.state === 'ready' && wanted) return <Player key={alert.alert_id} alert={alert} clip={clip} />;
  return (
    <div className={styles.clip} data-testid="clip" data-state={clip?.state}>
      <Snapshot alert={alert} />
      {clip?.state === 'ready' ? (
        <button
          type="button"
          className={styles.play}
          aria-label={clipsText.playOf(alert.camera.name)}
          onClick={() => {
            setWanted(true);
          }}
        >
          <span>
            <IconPlayerPlayFilled size={20} aria-hidden />
            {clipsText.play}
          </span>
        </button>
      ) : null}
      {clip?.state === 'recording' ? (
        <p className={styles.recording} role="status">
          <span className={styles.dot} aria-hidden />
          {clipsText.recording}
        </p>
      ) : null}
      {clip?.state === 'missing' ? <p className={styles.missing}>{clipsText.missing}</p> : null}
    </div>
  );
}

function Player({ alert, clip }: { alert: Alert; clip: AlertClip }): ReactElement {
  const { blob, error, retry } = useClipFile(clip, true);
  const url = useObjectUrl(blob);
  if (error !== null) {
    return (
      <div className={styles.clip} role="alert">
        <p className={styles.missing}>
          {clipsText.failed} {error.message}
        </p>
        <Button size="xs" variant="default" onClick={retry}>
          {text.actions.retry}
        </Button>
      </div>
    );
  }
  if (url === null) {
    return (
      <div className={styles.clip}>
        <Snapshot alert={alert} />
        <span className={styles.waiting} role="status" aria-label={clipsText.loading}>
          <Loader size="sm" color="white" />
        </span>
      </div>
    );
  }
  return <Playing alert={alert} clip={clip} url={url} />;
}

function Playing({ alert, clip, url }: { alert: Alert; clip: AlertClip; url: string }): ReactElement {
  const video = useRef<HTMLVideoElement>(null);
  const [lengthMs, setLengthMs] = useState(clip.duration_ms);
  const [unplayable, setUnplayable] = useState(false);
  const offsetMs = clip.event_offset_ms ?? 0;
  const toMoment = (): void => {
    if (video.current !== null) video.current.currentTime = offsetMs / 1000;
  };
  return (
    <div className={styles.clip} data-testid="clip" data-state="playing">
      <video
        ref={video}
        className={styles.video}
        src={url}
        controls
        autoPlay
        muted
        playsInline
        aria-label={clipsText.clipOf(alert.camera.name)}
        onLoadedMetadata={(event) => {
          const { duration } = event.currentTarget;
          if (Number.isFinite(duration)) setLengthMs(duration * 1000);
        }}
        onError={() => {
          setUnplayable(true);
        }}
      />
      {unplayable ? (
        <p className={styles.missing} role="alert">
          {clipsText.cannotPlay}
        </p>
      ) : null}
      {lengthMs === null || lengthMs <= 0 ? null : (
        <div className={styles.line} aria-hidden>
          <span style={{ '--at': `${String((100 * Math.min(offsetMs, lengthMs)) / lengthMs)}%` } as CSSProperties} />
        </div>
      )}
      <div className={styles.actions}>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconFlag3 size={15} />}
          aria-label={clipsText.momentAt((offsetMs / 1000).toFixed(1))}
          disabled={unplayable}
          onClick={toMoment}
        >
          {clipsText.moment}
        </Button>
        <Button
          component="a"
          href={url}
          download={`alert-${alert.alert_id}.${clip.media_type === 'video/webm' ? 'webm' : 'mp4'}`}
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<IconDownload size={15} />}
        >
          {clipsText.download}
        </Button>
      </div>
    </div>
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
