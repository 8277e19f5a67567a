import { ActionIcon } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCheck, IconX } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { Link } from 'react-router';

import { request } from '../api/http.ts';
import type { PeoplePage } from '../api/types.ts';
import { useCameras } from '../cameras/queries.ts';
import { useLive } from '../live/live_context.ts';
import { useSession } from '../session/session.ts';
import { welcomeText } from '../text/welcome.ts';
import styles from './welcome.module.css';

interface Step {
  done: boolean;
  words: ReactNode;
}

/** The first visit in three steps, each ticked off by itself once it is done. */
export default function Welcome({ onDismiss }: { onDismiss: () => void }): ReactElement | null {
  const { state } = useLive();
  const me = useSession()?.user.name;
  const cameras = useCameras().data;
  const people = useQuery({
    queryKey: ['people', 'list', 'welcome'],
    queryFn: ({ signal }) => request<PeoplePage>('/api/people?limit=3', { signal }),
  }).data;
  if (cameras === undefined || people === undefined) return null;
  const alerts = Object.values(state.alerts);
  const steps: Step[] = [
    cameras.length === 0
      ? { done: false, words: <Link to="/cameras">{welcomeText.camera}</Link> }
      : { done: alerts.length > 0, words: welcomeText.arrive },
    { done: alerts.some((alert) => alert.by === me), words: welcomeText.take },
    // The demonstration enrols one person by itself.
    { done: people.total > 1, words: <Link to="/people">{welcomeText.enrol}</Link> },
  ];
  return (
    <section className={styles.welcome} aria-labelledby="welcome-title">
      <header>
        <h2 id="welcome-title">{steps.every((step) => step.done) ? welcomeText.done : welcomeText.title}</h2>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={welcomeText.dismiss} onClick={onDismiss}>
          <IconX size={17} />
        </ActionIcon>
      </header>
      <ol>
        {steps.map(({ done, words }, index) => (
          <li key={index} data-done={done || undefined}>
            <span className={styles.mark}>
              {done ? <IconCheck size={14} stroke={2.4} aria-hidden /> : index + 1}
              {done ? <span className="visually-hidden">{welcomeText.ticked}</span> : null}
            </span>
            <span>{words}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
