import type { ActionEntry, Seat, Sitter, StandingRecord, Standing, StandingStep, Workstation, WorkstationAction, WorkstationReason } from '../api/workstation_types.ts';
import { actionsText } from '../text/workstations.ts';

/** What a picture showed, in words. */
export function reasonWords(action: WorkstationAction, reason: WorkstationReason): string {
  return action === 'ACTION_ERROR' && reason === 'EMPTY_REASON' ? actionsText.notLookedAt : actionsText.reasons[reason];
}

export type Tone = 'ok' | 'wait' | 'bad' | 'off';

export function toneOf(action: WorkstationAction | null): Tone {
  if (action === null) return 'off';
  return action === 'NO_ACTION' ? 'ok' : action === 'ACTION_WARNING' ? 'wait' : 'bad';
}

/** What can be done with somebody who stands so. */
export function stepsOf(state: Standing): readonly StandingStep[] {
  if (state === 'paused') return ['resume', 'block'];
  return state === 'blocked' ? ['unblock'] : ['pause', 'block'];
}

/** The workstations whose name, or somebody who may sit there, has the words in it. */
export function matching(workstations: readonly Workstation[], words: string): Workstation[] {
  const wanted = words.trim().toLocaleLowerCase();
  const has = (name: string): boolean => name.toLocaleLowerCase().includes(wanted);
  return workstations.filter(({ name, sitters }) => has(name) || sitters.some((one) => has(one.name)));
}

export interface PersonState {
  sitter: Sitter | null;
  personId: string;
  name: string;
  state: Standing;
  why: string;
  by: string;
  seat: Seat | null;
}

/** Those who are at no workstation of ours: connected without a token, or paused or blocked. */
export function elsewhere(workstations: readonly Workstation[], seats: readonly Seat[], standings: readonly StandingRecord[]): PersonState[] {
  const listed = new Set(workstations.flatMap(({ sitters }) => sitters.map(({ person_id }) => person_id)));
  const found = new Map<string, PersonState>();
  for (const { person_id, name, state, reason, by } of standings) {
    if (!listed.has(person_id)) found.set(person_id, { sitter: null, personId: person_id, name, state, why: reason, by, seat: null });
  }
  for (const seat of seats) {
    if (seat.workstation_id !== null || seat.person_id === null) continue;
    const known = found.get(seat.person_id);
    const personId = seat.person_id;
    found.set(personId, known === undefined ? { sitter: null, personId, name: seat.user_name, state: seat.state, why: '', by: '', seat } : { ...known, seat });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Entries one after the other that say the same of the same workstation: the newest first, as they came. */
export function runsOf(entries: readonly ActionEntry[]): [ActionEntry, ...ActionEntry[]][] {
  const runs: [ActionEntry, ...ActionEntry[]][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run !== undefined && says(run[0]) === says(entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

function says({ workstation, person_id, recognised_id, action, reason }: ActionEntry): string {
  return JSON.stringify([workstation, person_id, recognised_id, action, reason]);
}
