import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { CaseDriver } from './conformance_driver.ts';
import type { Case } from './conformance_driver.ts';

/** The cases that every client has to pass; the Python client passes the same. */
const CASES = new URL('../../../../tests/conformance/cases/', import.meta.url);

function read(name: string): Case {
  return JSON.parse(readFileSync(new URL(name, CASES), 'utf8')) as Case;
}

describe('conformance', () => {
  const names = readdirSync(CASES).filter((name) => name.endsWith('.json'));

  it.each(names)('%s', (name) => {
    const { client, steps } = read(name);
    new CaseDriver(client ?? {}).run(steps);
  });

  it('has cases', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
  });

  it.each([
    { sends: { type: 'client_identify', data: { device: 'another' } } },
    { sends: { type: 'client_identify', data: {}, without: ['device'] } },
    { sends_nothing: {} },
    { state: 'authenticated' },
    { stopped: 'revoked' },
    { retry_in_ms: 1000 },
    { abandons: {} },
    { asked_for_token: { fresh: true } },
    { event: { name: 'alert', data: {} } },
    { waiting: 1 },
    { socket: 'opens' },
  ])('a wrong expectation fails: %o', (wrong) => {
    expect(() => {
      new CaseDriver({}).run([{ connect: {} }, { socket: 'opens' }, wrong]);
    }).toThrow('step 3');
  });
});
