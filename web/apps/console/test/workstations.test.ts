import { describe, expect, it } from 'vitest';

import type { ActionEntry, Seat, StandingRecord, Workstation } from '../src/api/workstation_types.ts';
import { elsewhere, matching, reasonWords, runsOf, stepsOf, toneOf } from '../src/workstations/describe.ts';

function entry(id: string, fields: Partial<ActionEntry> = {}): ActionEntry {
  return {
    id,
    at: 0,
    workstation: 'Desk',
    action: 'ACTION_LOCK_SCREEN',
    reason: 'REASON_NO_FACE',
    person_id: 'ada',
    user: 'Ada',
    recognised_id: null,
    recognised: null,
    scores: {},
    thresholds: {},
    picture_url: null,
    ...fields,
  };
}

const DESK: Workstation = {
  id: 'desk',
  name: 'Front desk',
  sitters: [{ person_id: 'ada', name: 'Ada Lovelace', state: 'active', why: '', references: 1 }],
  has_token: true,
  connected: true,
  created_at: 0,
};
const GATE: Workstation = { ...DESK, id: 'gate', name: 'Gate', sitters: [] };

function seat(fields: Partial<Seat>): Seat {
  return {
    workstation_id: null,
    workstation: '',
    person_id: 'ben',
    user_name: 'Ben',
    state: 'active',
    connected_at: 0,
    action: null,
    reason: null,
    verdict_at: null,
    latency_ms: null,
    ...fields,
  };
}

function standing(fields: Partial<StandingRecord>): StandingRecord {
  return { person_id: 'eve', name: 'Eve', state: 'blocked', reason: 'left', by: 'admin', at: 0, ...fields };
}

describe('the action log', () => {
  it('takes what says the same of the same workstation together, in its order', () => {
    const other = entry('3', { workstation: 'Gate' });
    const runs = runsOf([entry('1'), entry('2'), other, entry('4')]);
    expect(runs.map((run) => run.map(({ id }) => id))).toEqual([['1', '2'], ['3'], ['4']]);
  });

  it('keeps apart what differs in user, action, reason or who sat there', () => {
    const differing: Partial<ActionEntry>[] = [
      { person_id: 'ben' },
      { action: 'ACTION_SIGN_OUT' },
      { reason: 'REASON_WRONG_USER' },
      { recognised_id: 'ben' },
    ];
    for (const fields of differing) expect(runsOf([entry('1'), entry('2', fields)])).toHaveLength(2);
    expect(runsOf([])).toEqual([]);
  });

  it('has words for what could not be looked at', () => {
    expect(reasonWords('ACTION_ERROR', 'EMPTY_REASON')).not.toBe(reasonWords('NO_ACTION', 'EMPTY_REASON'));
  });

  it('shows an action by its weight', () => {
    expect([toneOf(null), toneOf('NO_ACTION'), toneOf('ACTION_WARNING'), toneOf('ACTION_LOCK_SCREEN')]).toEqual(['off', 'ok', 'wait', 'bad']);
  });
});

describe('people at workstations', () => {
  it('finds a workstation by its name or by who may sit there', () => {
    expect(matching([DESK, GATE], ' LOVE ').map(({ id }) => id)).toEqual(['desk']);
    expect(matching([DESK, GATE], 'gate').map(({ id }) => id)).toEqual(['gate']);
    expect(matching([DESK, GATE], '')).toHaveLength(2);
  });

  it('lists nobody twice: those of a workstation are shown there', () => {
    const found = elsewhere([DESK], [seat({}), seat({ workstation_id: 'desk', person_id: 'ada' })], [standing({}), standing({ person_id: 'ada' })]);
    expect(found.map(({ personId }) => personId)).toEqual(['ben', 'eve']);
  });

  it('joins a connection without a token with how its person stands', () => {
    const [ben] = elsewhere([], [seat({ state: 'paused' })], [standing({ person_id: 'ben', name: 'Ben', state: 'paused' })]);
    expect(ben).toMatchObject({ state: 'paused', why: 'left', by: 'admin', seat: { user_name: 'Ben' } });
    expect(elsewhere([], [seat({ person_id: null })], [])).toEqual([]);
  });

  it('offers what changes something', () => {
    expect([stepsOf('active'), stepsOf('paused'), stepsOf('blocked')]).toEqual([['pause', 'block'], ['resume', 'block'], ['unblock']]);
  });
});
