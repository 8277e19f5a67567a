import '../theme/form_styles.ts';

import { Button, TextInput } from '@mantine/core';
import { IconDeviceDesktop, IconListSearch, IconPlus, IconSearch } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';

import type { StandingStep, Workstation } from '../api/workstation_types.ts';
import { Page } from '../feedback/page.tsx';
import { SecretDialog } from '../feedback/secret_dialog.tsx';
import { Empty, Failed, LoadingRows } from '../feedback/states.tsx';
import { workstationsText } from '../text/workstations.ts';
import { AddDialog } from './add_dialog.tsx';
import { AllowDialog } from './allow_dialog.tsx';
import { elsewhere, matching } from './describe.ts';
import { PersonLine } from './person_line.tsx';
import { useSeats, useStandings, useWorkstations } from './queries.ts';
import { NewTokenDialog, RemoveDialog } from './sure_dialogs.tsx';
import { StandingDialog } from './standing_dialog.tsx';
import { WorkstationRow } from './workstation_row.tsx';
import styles from './workstations_page.module.css';

type Open =
  | { kind: 'add' }
  | { kind: 'allow' | 'token' | 'remove'; workstation: Workstation }
  | { kind: 'secret'; name: string; secret: string }
  | { kind: 'step'; personId: string; name: string; step: StandingStep }
  | null;

/** From so many on, finding one by its name is faster than looking. */
const MANY = 6;

/** Who sits at which workstation now, how that goes, and who may. */
export default function WorkstationsPage(): ReactElement {
  const workstations = useWorkstations();
  const seats = useSeats().data ?? [];
  const [open, setOpen] = useState<Open>(null);
  const [words, setWords] = useState('');
  const all = workstations.data ?? [];
  const shown = matching(all, words);
  const close = (): void => {
    setOpen(null);
  };
  const showToken = (name: string, secret: string): void => {
    setOpen({ kind: 'secret', name, secret });
  };
  const addButton = (
    <Button
      leftSection={<IconPlus size={18} />}
      onClick={() => {
        setOpen({ kind: 'add' });
      }}
    >
      {workstationsText.add}
    </Button>
  );
  return (
    <Page
      title={workstationsText.title}
      aside={all.length === 0 ? undefined : workstationsText.aside(seats.filter(({ workstation_id }) => workstation_id !== null).length, all.length)}
      actions={
        <>
          <Button component={Link} to="/workstations/actions" variant="default" leftSection={<IconListSearch size={17} />}>
            {workstationsText.log}
          </Button>
          {all.length === 0 ? null : addButton}
        </>
      }
    >
      {all.length < MANY ? null : (
        <TextInput
          className={styles.find}
          aria-label={workstationsText.find}
          placeholder={workstationsText.find}
          leftSection={<IconSearch size={17} />}
          value={words}
          onChange={(event) => {
            setWords(event.currentTarget.value);
          }}
        />
      )}
      {workstations.error !== null && workstations.data === undefined ? (
        <Failed error={workstations.error} onRetry={workstations.refetch} />
      ) : workstations.data === undefined ? (
        <LoadingRows label={workstationsText.title} rows={3} height={120} />
      ) : all.length === 0 ? (
        <Empty icon={<IconDeviceDesktop size={30} stroke={1.4} />} title={workstationsText.emptyTitle} action={addButton}>
          {workstationsText.empty}
        </Empty>
      ) : shown.length === 0 ? (
        <p className={styles.nobody}>{workstationsText.noMatch}</p>
      ) : (
        <ul className={styles.stations}>
          {shown.map((workstation) => (
            <WorkstationRow
              key={workstation.id}
              workstation={workstation}
              seat={seats.find(({ workstation_id }) => workstation_id === workstation.id) ?? null}
              onStep={(sitter, step) => {
                setOpen({ kind: 'step', personId: sitter.person_id, name: sitter.name, step });
              }}
              onAllow={() => {
                setOpen({ kind: 'allow', workstation });
              }}
              onNewToken={() => {
                setOpen({ kind: 'token', workstation });
              }}
              onRemove={() => {
                setOpen({ kind: 'remove', workstation });
              }}
            />
          ))}
        </ul>
      )}
      <Elsewhere
        workstations={workstations.data}
        onStep={(personId, name, step) => {
          setOpen({ kind: 'step', personId, name, step });
        }}
      />
      {open?.kind === 'add' ? <AddDialog onAdded={showToken} onClose={close} /> : null}
      {open?.kind === 'allow' ? <AllowDialog workstation={open.workstation} onClose={close} /> : null}
      {open?.kind === 'token' ? <NewTokenDialog workstation={open.workstation} onMade={showToken} onClose={close} /> : null}
      {open?.kind === 'remove' ? <RemoveDialog workstation={open.workstation} onClose={close} /> : null}
      {open?.kind === 'step' ? <StandingDialog personId={open.personId} name={open.name} step={open.step} onClose={close} /> : null}
      {open?.kind === 'secret' ? (
        <SecretDialog title={workstationsText.secretTitle(open.name)} lead={workstationsText.secretLead} secret={open.secret} onClose={close} />
      ) : null}
    </Page>
  );
}

interface ElsewhereProps {
  workstations: Workstation[] | undefined;
  onStep: (personId: string, name: string, step: StandingStep) => void;
}

/** Those who are at no workstation listed above, so that nobody stays blocked unseen. */
function Elsewhere({ workstations, onStep }: ElsewhereProps): ReactElement | null {
  const seats = useSeats().data;
  const standings = useStandings().data;
  if (workstations === undefined || seats === undefined || standings === undefined) return null;
  const people = elsewhere(workstations, seats, standings);
  if (people.length === 0) return null;
  return (
    <section className={styles.elsewhere} aria-labelledby="elsewhere-title">
      <h2 id="elsewhere-title">{workstationsText.elsewhere}</h2>
      <p>{workstationsText.elsewhereLead}</p>
      <ul className={styles.people}>
        {people.map((person) => (
          <PersonLine
            key={person.personId}
            person={person}
            onStep={(step) => {
              onStep(person.personId, person.name, step);
            }}
          />
        ))}
      </ul>
    </section>
  );
}
