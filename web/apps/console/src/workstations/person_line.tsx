import { ActionIcon, Button } from '@mantine/core';
import { IconAlertTriangle, IconX } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { Link } from 'react-router';

import type { StandingStep } from '../api/workstation_types.ts';
import { workstationsText } from '../text/workstations.ts';
import type { PersonState } from './describe.ts';
import { stepsOf } from './describe.ts';
import { SeatWords } from './seat_words.tsx';
import styles from './workstations_page.module.css';

interface PersonLineProps {
  person: PersonState;
  /** Where this person may sit, so that the leave can be taken. */
  workstation?: string;
  onStep: (step: StandingStep) => void;
  onRemove?: () => void;
}

/** Somebody and how they stand: enrolled or not, paused or blocked and why, and what can be done about it. */
export function PersonLine({ person, workstation = '', onStep, onRemove }: PersonLineProps): ReactElement {
  const { sitter, personId, name, state, why, by, seat } = person;
  return (
    <li className={styles.person} data-state={state} data-testid="workstation-person">
      <div className={styles.who}>
        <span>
          <Link to={`/people/${personId}`}>{name}</Link>
          {state === 'active' ? null : <b className={styles.standing}>{workstationsText[state]}</b>}
        </span>
        {state === 'active' ? null : <small>{[why, by === '' ? '' : workstationsText.by(by)].filter(Boolean).join(' · ')}</small>}
        {sitter === null ? (
          seat === null ? null : (
            <small>{workstationsText.withoutToken}</small>
          )
        ) : sitter.references === 0 ? (
          <small className={styles.missing}>
            <IconAlertTriangle size={14} aria-hidden /> {workstationsText.notEnrolled}.{' '}
            <Link to={`/people/${personId}`} aria-label={workstationsText.enrolOf(name)}>
              {workstationsText.enrol}
            </Link>
          </small>
        ) : (
          <small>{workstationsText.photos(sitter.references)}</small>
        )}
      </div>
      {seat === null ? <span /> : <SeatWords seat={seat} />}
      <div className={styles.steps}>
        {stepsOf(state).map((step) => (
          <Button
            key={step}
            size="sm"
            variant={step === 'block' ? 'subtle' : 'default'}
            {...(step === 'block' ? { color: 'red' } : {})}
            aria-label={workstationsText.stepOf[step](name)}
            onClick={() => {
              onStep(step);
            }}
          >
            {workstationsText.steps[step]}
          </Button>
        ))}
        {onRemove === undefined ? null : (
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={workstationsText.disallow(name, workstation)} onClick={onRemove}>
            <IconX size={17} />
          </ActionIcon>
        )}
      </div>
    </li>
  );
}
