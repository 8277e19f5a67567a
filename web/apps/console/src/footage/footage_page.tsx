import { ActionIcon, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconArrowLeft, IconChevronLeft, IconChevronRight, IconDeviceCctv, IconMovie } from '@tabler/icons-react';
import type { CSSProperties, ReactElement } from 'react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import type { Footage, FootagePiece } from '../api/footage_types.ts';
import type { Camera } from '../api/types.ts';
import { request } from '../api/http.ts';
import { useCameras } from '../cameras/queries.ts';
import { Page } from '../feedback/page.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import type { DaySpan } from '../search/day.ts';
import { dateInput, dayOf, otherDay } from '../search/day.ts';
import { text } from '../text/everywhere.ts';
import { footageText } from '../text/footage.ts';
import { zonesText } from '../text/zones.ts';
import { useNow } from '../times/clock.ts';
import { fileSize, shortSpan } from '../times/format.ts';
import { pieceAfter, pieceAt, spansOf } from './day_of_pieces.ts';
import styles from './footage_page.module.css';
import { FootagePlayer } from './footage_player.tsx';

const ASK_AGAIN_MS = 15_000;
const HOURS = [0, 6, 12, 18, 24] as const;
const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** What a camera showed on a day, where it is recorded all the time. */
export default function FootagePage(): ReactElement {
  const { cameraId = '' } = useParams();
  const cameras = useCameras();
  const camera = cameras.data?.find(({ id }) => id === cameraId);
  if (cameras.data === undefined) {
    return (
      <Page title={footageText.title}>
        {cameras.error === null ? (
          <LoadingRows label={footageText.title} rows={1} height={420} />
        ) : (
          <Failed error={cameras.error} onRetry={cameras.refetch} />
        )}
      </Page>
    );
  }
  return camera === undefined ? (
    <Empty heading="h1" icon={<IconDeviceCctv size={30} stroke={1.4} />} title={zonesText.noCamera} action={<ToCameras />} />
  ) : (
    <Recordings key={camera.id} camera={camera} />
  );
}

function ToCameras(): ReactElement {
  return (
    <Button component={Link} to="/cameras" variant="default" leftSection={<IconArrowLeft size={17} />}>
      {text.nav.cameras}
    </Button>
  );
}

function Recordings({ camera }: { camera: Camera }): ReactElement {
  const [day, setDay] = useState<DaySpan>(() => dayOf(Date.now()));
  const nowMs = useNow(60_000);
  const query = new URLSearchParams({ from: String(day.fromMs), to: String(day.toMs) }).toString();
  const path = `/api/cameras/${encodeURIComponent(camera.id)}/footage?${query}`;
  const footage = useQuery({
    queryKey: ['footage', path],
    queryFn: ({ signal }) => request<Footage>(path, { signal }),
    refetchInterval: day.toMs > nowMs ? ASK_AGAIN_MS : false,
  });
  return (
    <Page title={footageText.title} aside={camera.name} actions={<ToCameras />}>
      <Days day={day} nowMs={nowMs} onDay={setDay} />
      {footage.error !== null && footage.data === undefined ? (
        <Failed error={footage.error} onRetry={footage.refetch} />
      ) : footage.data === undefined ? (
        <LoadingRows label={footageText.title} rows={1} height={420} />
      ) : (
        <>
          <Notes footage={footage.data} />
          {footage.data.pieces.length === 0 ? (
            <Empty icon={<IconMovie size={30} stroke={1.4} />} title={footageText.empty}>
              {footage.data.recording ? footageText.emptyRecording : footageText.emptyOff}
            </Empty>
          ) : (
            <Day key={day.fromMs} day={day} name={camera.name} pieces={footage.data.pieces} />
          )}
        </>
      )}
    </Page>
  );
}

function Days({ day, nowMs, onDay }: { day: DaySpan; nowMs: number; onDay: (day: DaySpan) => void }): ReactElement {
  return (
    <div className={styles.days}>
      <ActionIcon variant="default" size={36} aria-label={footageText.before} onClick={() => {
        onDay(otherDay(day, -1));
      }}>
        <IconChevronLeft size={18} />
      </ActionIcon>
      <input
        type="date"
        className={styles.date}
        aria-label={footageText.day}
        value={dateInput(day)}
        onChange={(event) => {
          const at = new Date(`${event.currentTarget.value}T12:00`).getTime();
          if (!Number.isNaN(at)) onDay(dayOf(at));
        }}
      />
      <ActionIcon variant="default" size={36} aria-label={footageText.after} disabled={day.toMs > nowMs} onClick={() => {
        onDay(otherDay(day, 1));
      }}>
        <IconChevronRight size={18} />
      </ActionIcon>
    </div>
  );
}

/** What is missing, and why. */
function Notes({ footage: { stopped, silent_engines: silent, truncated } }: { footage: Footage }): ReactElement {
  return (
    <>
      {stopped === '' ? null : (
        <p className={styles.warning} role="alert">
          {footageText.stopped} {stopped}
        </p>
      )}
      {silent.length === 0 ? null : <p className={styles.soft}>{footageText.silent(silent.join(', '))}</p>}
      {truncated ? <p className={styles.soft}>{footageText.truncated}</p> : null}
    </>
  );
}

function Day({ day, name, pieces }: { day: DaySpan; name: string; pieces: readonly FootagePiece[] }): ReactElement {
  const [playing, setPlaying] = useState<{ piece: FootagePiece; offsetS: number } | null>(null);
  const [atMs, setAtMs] = useState(() => pieces.at(-1)?.starts_at ?? day.fromMs);
  const [wantedMs, setWantedMs] = useState<number | null>(null);
  const shownMs = wantedMs ?? atMs;
  const lengthMs = day.toMs - day.fromMs;
  const share = (ms: number): string => `${String((100 * (Math.min(Math.max(ms, day.fromMs), day.toMs) - day.fromMs)) / lengthMs)}%`;
  const recordedMs = pieces.reduce((sum, piece) => sum + piece.duration_ms, 0);
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.size_bytes, 0);
  const goTo = (ms: number): void => {
    const found = pieceAt(pieces, ms);
    setAtMs(found === null ? ms : Math.max(ms, found.piece.starts_at));
    setPlaying(found);
  };
  /** Once the hand has let go: what it passes on its way need not be fetched. */
  const settle = (): void => {
    if (wantedMs !== null) goTo(wantedMs);
    setWantedMs(null);
  };
  return (
    <section className={styles.card}>
      {playing === null ? (
        <div className={styles.stage}>
          <span>{footageText.choose}</span>
        </div>
      ) : (
        <FootagePlayer
          key={playing.piece.url}
          name={name}
          piece={playing.piece}
          offsetS={playing.offsetS}
          onTime={setAtMs}
          onEnd={() => {
            const next = pieceAfter(pieces, playing.piece);
            if (next !== null) setPlaying({ piece: next, offsetS: 0 });
          }}
        />
      )}
      <div className={styles.line}>
        <output>{TIME.format(shownMs)}</output>
        <span className={styles.soft}>{footageText.amount(shortSpan(recordedMs), fileSize(sizeBytes))}</span>
      </div>
      <div className={styles.strip}>
        {spansOf(pieces).map(({ fromMs, toMs }) => (
          <i key={fromMs} style={{ '--from': share(fromMs), '--to': share(toMs) } as CSSProperties} />
        ))}
        <input
          type="range"
          aria-label={footageText.time(name)}
          aria-valuetext={TIME.format(shownMs)}
          min={day.fromMs}
          max={day.toMs}
          step={1000}
          value={Math.round(shownMs)}
          onChange={(event) => {
            setWantedMs(Number(event.currentTarget.value));
          }}
          onPointerUp={settle}
          onPointerCancel={settle}
          onKeyUp={settle}
        />
      </div>
      <div className={styles.hours} aria-hidden>
        {HOURS.map((hour) => (
          <span key={hour}>{`${String(hour).padStart(2, '0')}:00`}</span>
        ))}
      </div>
    </section>
  );
}
