import { ActionIcon, Button } from '@mantine/core';
import { IconArrowRight, IconChevronLeft, IconChevronRight, IconWalk } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';

import type { Sighting, Timeline } from '../api/past_types.ts';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { Picture } from '../pictures/picture.tsx';
import { alertsText } from '../text/alerts.ts';
import { searchText, timelineText } from '../text/search.ts';
import { useNow } from '../times/clock.ts';
import { clockTime, shortSpan } from '../times/format.ts';
import type { DaySpan } from './day.ts';
import { dateInput, dayOf, heat, otherDay } from './day.ts';
import { useTimeline } from './queries.ts';
import { SightingCard } from './sighting_card.tsx';
import styles from './timeline.module.css';

const BINS = 96;
const SHOWN_AT_FIRST = 12;
const HOURS = [0, 6, 12, 18, 24] as const;

interface TimelineViewProps {
  owner: 'people' | 'strangers';
  id: string;
  /** The day to begin with, by a time in it; without, today. */
  startAt?: number | null;
  /** What else can be done with a sighting. */
  actionFor?: (sighting: Sighting) => ReactElement;
}

/** Everything about somebody on one day: when, where, in which order, with pictures. */
export default function TimelineView({ owner, id, startAt, actionFor }: TimelineViewProps): ReactElement {
  const nowMs = useNow(60_000);
  const [day, setDay] = useState<DaySpan>(() => dayOf(startAt ?? Date.now()));
  const timeline = useTimeline(owner, id, day.fromMs, day.toMs);
  return (
    <section className={styles.timeline} id="timeline" aria-labelledby="timeline-title">
      <header className={styles.head}>
        <h2 id="timeline-title">{timelineText.title}</h2>
        <div className={styles.days}>
          <ActionIcon variant="default" size={36} aria-label={timelineText.before} onClick={() => {
            setDay(otherDay(day, -1));
          }}>
            <IconChevronLeft size={18} />
          </ActionIcon>
          <input
            type="date"
            className={styles.date}
            aria-label={timelineText.day}
            value={dateInput(day)}
            onChange={(event) => {
              const at = new Date(`${event.currentTarget.value}T12:00`).getTime();
              if (!Number.isNaN(at)) setDay(dayOf(at));
            }}
          />
          <ActionIcon variant="default" size={36} aria-label={timelineText.after} disabled={day.toMs > nowMs} onClick={() => {
            setDay(otherDay(day, 1));
          }}>
            <IconChevronRight size={18} />
          </ActionIcon>
        </div>
      </header>
      {timeline.error !== null && timeline.data === undefined ? (
        <Failed error={timeline.error} onRetry={timeline.refetch} />
      ) : timeline.data === undefined ? (
        <LoadingRows label={timelineText.title} rows={2} height={90} />
      ) : timeline.data.sightings.length === 0 ? (
        <Empty icon={<IconWalk size={30} stroke={1.4} />} title={timelineText.empty}>
          {timelineText.emptyHint}
        </Empty>
      ) : (
        <Day timeline={timeline.data} day={day} actionFor={actionFor} />
      )}
    </section>
  );
}

interface DayProps {
  timeline: Timeline;
  day: DaySpan;
  actionFor: ((sighting: Sighting) => ReactElement) | undefined;
}

function Day({ timeline, day, actionFor }: DayProps): ReactElement {
  return (
    <>
      <Strips timeline={timeline} day={day} />
      <Path timeline={timeline} />
      {timeline.cameras.map(({ camera }) => (
        <OneCamera
          key={camera.id}
          name={camera.name === '' ? searchText.removedCamera : camera.name}
          sightings={timeline.sightings.filter((sighting) => sighting.camera.id === camera.id)}
          actionFor={actionFor}
        />
      ))}
      {timeline.next === null ? null : <p className={styles.soft}>{timelineText.more}</p>}
    </>
  );
}

/** The day as a strip for each camera: darker where somebody was longer. */
function Strips({ timeline, day }: { timeline: Timeline; day: DaySpan }): ReactElement {
  return (
    <div className={styles.strips}>
      {timeline.cameras.map(({ camera, sightings, seen_ms, first_seen, last_seen }) => (
        <div key={camera.id} className={styles.strip}>
          <b>{camera.name === '' ? searchText.removedCamera : camera.name}</b>
          <span
            className={styles.cells}
            role="img"
            aria-label={timelineText.strip(sightings, clockTime(first_seen), clockTime(last_seen))}
            title={timelineText.strip(sightings, clockTime(first_seen), clockTime(last_seen))}
          >
            {heat(timeline.sightings.filter((one) => one.camera.id === camera.id), day, BINS).map((value, bin) => (
              <i key={bin} style={value === 0 ? undefined : { opacity: value, background: 'var(--accent)' }} />
            ))}
          </span>
          <span className={styles.soft}>
            {timelineText.times(sightings)} · {shortSpan(Math.max(seen_ms, 5_000))}
          </span>
        </div>
      ))}
      <div className={styles.strip} aria-hidden>
        <span />
        <span className={styles.hours}>
          {HOURS.map((hour) => (
            <small key={hour}>{String(hour).padStart(2, '0')}</small>
          ))}
        </span>
        <span />
      </div>
    </div>
  );
}

/** From camera to camera, oldest first. */
function Path({ timeline }: { timeline: Timeline }): ReactElement {
  return (
    <>
      <h3>{timelineText.path}</h3>
      <ol className={styles.path} tabIndex={0} aria-label={timelineText.path}>
        {timeline.path.map((visit) => (
          <li key={`${visit.camera.id}-${String(visit.from)}`}>
            <Picture url={visit.picture_url} alt="" className={styles.visit} />
            <b>{visit.camera.name === '' ? searchText.removedCamera : visit.camera.name}</b>
            <span>
              {clockTime(visit.from)}–{clockTime(visit.to)}
            </span>
            <IconArrowRight size={18} className={styles.onwards} aria-hidden />
          </li>
        ))}
      </ol>
    </>
  );
}

interface OneCameraProps {
  name: string;
  sightings: readonly Sighting[];
  actionFor: ((sighting: Sighting) => ReactElement) | undefined;
}

function OneCamera({ name, sightings, actionFor }: OneCameraProps): ReactElement {
  const [all, setAll] = useState(false);
  const shown = all ? sightings : sightings.slice(0, SHOWN_AT_FIRST);
  return (
    <>
      <h3>
        {name} <small>{timelineText.times(sightings.length)}</small>
      </h3>
      <ul className={styles.cards}>
        {shown.map((sighting) => {
          const action = actionFor?.(sighting);
          return <SightingCard key={sighting.id} sighting={sighting} {...(action === undefined ? {} : { action })} />;
        })}
      </ul>
      {shown.length === sightings.length ? null : (
        <Button
          variant="default"
          size="xs"
          onClick={() => {
            setAll(true);
          }}
        >
          {alertsText.more(sightings.length - shown.length)}
        </Button>
      )}
    </>
  );
}
