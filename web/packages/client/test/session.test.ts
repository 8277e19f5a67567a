import { describe, expect, it } from 'vitest';

import { Harness } from './session_harness.ts';

describe('signing in', () => {
  it('goes through the four states and identifies first', () => {
    const h = new Harness();
    expect(h.session.view.status).toBe('disconnected');
    h.connect();
    expect(h.session.view.status).toBe('connecting');
    h.session.opened(h.nowMs);
    expect(h.session.view.status).toBe('connected');
    h.session.identify('secret', h.nowMs);
    expect(h.sent('client_identify')).toEqual([
      { auth_token: 'secret', client_type: 'frontend', device: 'u.i.t' },
    ]);
    h.receive('identification_success', { epoch: 'e1', offset: 7, mode: 'live' });
    expect(h.session.view).toMatchObject({ status: 'authenticated', reason: '', stopped: null });
  });

  it('gives up on a server that says nothing for ten seconds and tries again', () => {
    const h = new Harness();
    h.connect();
    h.session.opened(h.nowMs);
    h.pass(10_000);
    expect(h.session.view).toMatchObject({ status: 'disconnected', reason: 'the server does not answer' });
    expect(h.session.view.retryAtMs).toBe(h.nowMs + 1_000);
    h.pass(1_000);
    expect(h.session.view.status).toBe('connecting');
  });

  it('tells what the server said before it closed', () => {
    const h = new Harness();
    h.connect();
    h.session.opened(h.nowMs);
    h.receive('error', { code: 'SYSTEM_FULL', message: 'no room for another client' });
    h.session.closed(4004, '', h.nowMs);
    expect(h.session.view.reason).toBe('no room for another client');
  });

  it('stops when nobody is signed in', () => {
    const h = new Harness();
    h.connect();
    h.session.opened(h.nowMs);
    h.session.signedOut();
    h.pass(600_000);
    expect(h.session.view).toMatchObject({ status: 'disconnected', stopped: 'bad_token', reason: 'signed out' });
    expect(h.count('open')).toBe(1);
  });
});

it('tries again when no token could be fetched', () => {
  const h = new Harness();
  h.connect();
  h.session.opened(h.nowMs);
  h.session.tokenUnavailable('the server cannot be reached', h.nowMs);
  h.pass(1_000);
  expect(h.session.view).toMatchObject({ status: 'connecting', reason: 'the server cannot be reached' });
});

describe('coming back', () => {
  it('waits 1, 1.5, 2.25 … 30 s and starts over once it was in', () => {
    const h = new Harness({ jitter: 0 });
    h.connect();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      h.session.closed(1006, '', h.nowMs);
      const waitMs = (h.session.view.retryAtMs ?? 0) - h.nowMs;
      waits.push(waitMs);
      h.pass(waitMs);
    }
    expect(waits.slice(0, 4)).toEqual([1_000, 1_500, 2_250, 3_375]);
    expect(waits.slice(-2)).toEqual([30_000, 30_000]);
    h.authenticate();
    expect(h.session.statistics.reconnectAttempts).toBe(0);
  });

  it('obeys retry_after_s', () => {
    const h = new Harness();
    h.signIn();
    h.session.closed(4000, '{"retry_after_s": 7.5}', h.nowMs);
    expect(h.session.view.retryAtMs).toBe(h.nowMs + 7_500);
  });

  it.each([
    [4501, 'protocol_violation'],
    [4502, 'superseded'],
    [4503, 'revoked'],
    [4999, 'refused'],
  ] as const)('stops on %i because of %s, until told to connect', (code, stopped) => {
    const h = new Harness();
    h.signIn();
    h.session.closed(code, '', h.nowMs);
    h.pass(3_600_000);
    expect(h.session.view).toMatchObject({ status: 'disconnected', stopped, retryAtMs: null });
    expect(h.count('open')).toBe(1);
    h.connect();
    expect(h.session.view).toMatchObject({ status: 'connecting', stopped: null });
  });

  it('asks once for another token when one was refused, and stops when that is refused too', () => {
    const h = new Harness();
    h.connect();
    for (const token of ['old', 'new']) {
      h.session.opened(h.nowMs);
      h.session.identify(token, h.nowMs);
      h.session.closed(4500, '', h.nowMs);
      h.pass(2_000);
    }
    expect(h.sent('client_identify').map((one) => one['auth_token'])).toEqual(['old', 'new']);
    expect(h.session.view.stopped).toBe('bad_token');
    expect(h.count('open')).toBe(2);
  });

  it('asks for a fresh token after the old one expired', () => {
    const h = new Harness();
    h.signIn();
    h.session.closed(4001, '', h.nowMs);
    h.pass(1_000);
    h.session.opened(h.nowMs);
    h.collect();
    expect(h.effects.filter((one) => one.kind === 'want_token').map((one) => one.fresh)).toEqual([false, true]);
  });

  it('gives up after the attempts it was given', () => {
    const h = new Harness({ maxReconnectAttempts: 2 });
    h.connect();
    for (let i = 0; i < 3; i += 1) {
      h.session.closed(1006, '', h.nowMs);
      h.pass(60_000);
    }
    expect(h.session.view.stopped).toBe('gave_up');
    expect(h.count('open')).toBe(3);
  });

  it('tries at once when the network comes back', () => {
    const h = new Harness();
    h.signIn();
    h.session.closed(1006, '', h.nowMs);
    h.session.networkChanged(h.nowMs + 1);
    expect(h.session.view.status).toBe('connecting');
  });

  it('resumes by epoch and offset and restores subscriptions', () => {
    const h = new Harness();
    h.session.subscribe('cam', Symbol('tile'), { frames: true, maxFps: 5 });
    h.signIn();
    h.receive('position', { from: 0, to: 12 });
    h.session.closed(1006, '', h.nowMs);
    h.pass(2_000);
    h.authenticate({ mode: 'resumed' });
    expect(h.sent('client_identify').at(-1)).toMatchObject({ resume: { epoch: 'e1', offset: 12 } });
    expect(h.sent('subscribe_camera')).toEqual(Array(2).fill({ camera_id: 'cam', frames: true, max_fps: 5 }));
  });
});

describe('heartbeats', () => {
  it('are sent every 30 s, measure latency, and answer the server', () => {
    const h = new Harness();
    h.signIn();
    h.nowMs += 40;
    h.receive('heartbeat_ack', { server_time: 1 });
    expect(h.session.statistics.latency).toBe(40);
    h.pass(30_000);
    expect(h.sent('heartbeat')).toHaveLength(2);
    h.receive('heartbeat', { server_time: 5 });
    expect(h.sent('heartbeat_ack')).toEqual([{ client_time: h.nowMs, server_time: 5 }]);
  });

  it('60 s of silence end the connection', () => {
    const h = new Harness();
    h.signIn();
    h.pass(59_999);
    expect(h.session.view.status).toBe('authenticated');
    h.pass(1);
    expect(h.session.view.reason).toBe('no sign of life from the server');
    expect(h.count('close')).toBe(1);
  });

  it('a network change gives the server five seconds', () => {
    const h = new Harness();
    h.signIn();
    h.session.networkChanged(h.nowMs);
    h.pass(4_999);
    expect(h.session.view.status).toBe('authenticated');
    h.pass(1);
    expect(h.session.view.status).toBe('disconnected');
  });
});

describe('alerts', () => {
  const alert = (id: string, offset: number): Record<string, unknown> => ({ alert_id: id, offset });

  it('are shown once, over reconnections too, and marked as replay until caught up', () => {
    const h = new Harness({ position: { epoch: 'e1', offset: 3 } });
    h.signIn({ mode: 'resumed' });
    h.receive('alert_triggered', alert('a', 4));
    h.receive('caught_up', { offset: 4 });
    h.receive('alert_triggered', alert('b', 5));
    h.session.closed(1006, '', h.nowMs);
    h.pass(2_000);
    h.authenticate({ mode: 'resumed' });
    h.receive('alert_triggered', alert('b', 5));
    expect(h.events('alert').map((one) => [one.alert.alert_id, one.replay])).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('are confirmed as received once a burst, but page by page in a replay', () => {
    const h = new Harness({ position: { epoch: 'e1', offset: 0 } });
    h.signIn({ mode: 'resumed' });
    h.receive('position', { from: 0, to: 100 });
    h.receive('position', { from: 100, to: 200 });
    expect(h.sent('received')).toEqual([{ offset: 100 }, { offset: 200 }]);
    h.receive('caught_up', { offset: 200 });
    h.receive('position', { from: 200, to: 201 });
    h.receive('position', { from: 201, to: 205 });
    h.pass(250);
    expect(h.sent('received').slice(2)).toEqual([{ offset: 205 }]);
    expect(h.effects.filter((one) => one.kind === 'save_position').at(-1)).toMatchObject({
      position: { epoch: 'e1', offset: 205 },
    });
  });

  it('a gap forgets the place and takes the one of the snapshot', () => {
    const h = new Harness({ position: { epoch: 'old', offset: 900 } });
    h.signIn({ mode: 'gap' });
    h.receive('alert_snapshot', { alerts: [alert('a', 2)], offset: 5 });
    h.receive('alert_triggered', alert('a', 2));
    h.pass(250);
    expect(h.events('gap')).toEqual([{ epoch: 'old', offset: 900 }]);
    expect(h.events('alertSnapshot')).toHaveLength(1);
    expect(h.events('alert')).toHaveLength(0);
    expect(h.sent('received')).toEqual([{ offset: 5 }]);
  });

  it('a hole in the positions is reported, and a position that goes backwards is not believed', () => {
    const h = new Harness();
    h.signIn();
    h.receive('position', { from: 0, to: 10 });
    h.receive('position', { from: 15, to: 20 });
    h.receive('position', { from: 1, to: 2 });
    h.pass(250);
    expect(h.events('gap')).toEqual([{ epoch: 'e1', offset: 10 }]);
    expect(h.sent('received').at(-1)).toEqual({ offset: 20 });
  });
});

describe('taps', () => {
  it('made offline wait, go out on sign-in under the same id, and end when recorded', () => {
    const h = new Harness();
    const id = h.session.tap('ack', 'a', 'confirmed', null, h.nowMs);
    expect(h.sent('ack')).toEqual([]);
    h.signIn();
    expect(h.sent('ack')).toEqual([{ alert_id: 'a', verdict: 'confirmed' }]);
    h.session.closed(1006, '', h.nowMs);
    h.pass(2_000);
    h.authenticate();
    h.receive('recorded', { alert_id: 'a', state: 'acknowledged', by: 'Ada', at: 1 }, id);
    expect(h.sentIds('ack')).toEqual([id, id]);
    expect(h.events('tap').map((tap) => tap.state)).toEqual(['queued', 'sent', 'queued', 'sent', 'recorded']);
    expect(h.session.taps).toEqual([]);
  });

  it('are sent again when the answer is overdue', () => {
    const h = new Harness();
    h.signIn();
    h.session.tap('decline', 'a', null, 'too far', h.nowMs);
    h.pass(10_000);
    expect(h.sent('decline')).toEqual(Array(2).fill({ alert_id: 'a', reason: 'too far' }));
  });

  it('that the server refuses say so and are not repeated', () => {
    const h = new Harness();
    h.signIn();
    const id = h.session.tap('ack', 'a', null, null, h.nowMs);
    h.receive('error', { code: 'FORBIDDEN', message: 'a viewer may not take alerts' }, id);
    h.pass(120_000);
    expect(h.events('tap').at(-1)).toMatchObject({ state: 'refused', refusal: 'a viewer may not take alerts' });
    expect(h.sent('ack')).toHaveLength(1);
  });
});

it('survives what is no message', () => {
  const h = new Harness();
  h.signIn();
  for (const text of ['', 'null', '[]', '{"type": 3}', '{"type":"position"}', '{"type":"x","data":null}', '{']) {
    h.session.text(text, h.nowMs);
  }
  expect(h.session.view.status).toBe('authenticated');
});

describe('where the device is', () => {
  const here = { latitude: 52.52, longitude: 13.37, accuracy_m: 12 };

  it('is said at once, and again on the next connection while it is good', () => {
    const h = new Harness();
    h.signIn();
    h.session.locate(here, h.nowMs);
    expect(h.sent('location_update')).toEqual([here]);
    h.session.closed(1006, '', h.nowMs);
    h.pass(1_000);
    h.authenticate();
    expect(h.sent('location_update')).toEqual([here, here]);
  });

  it('is not said on a new connection when it is old, or was taken back', () => {
    const h = new Harness();
    h.session.locate(here, h.nowMs);
    h.nowMs += 120_000;
    h.signIn();
    expect(h.sent('location_update')).toEqual([]);
    h.session.locate(here, h.nowMs);
    h.session.locate(null, h.nowMs);
    h.session.closed(1006, '', h.nowMs);
    h.pass(1_000);
    h.authenticate();
    expect(h.sent('location_update')).toEqual([here]);
  });
});

describe('what cameras show', () => {
  it('tells of faces, and of persons and things with the crowd', () => {
    const h = new Harness();
    h.signIn();
    const crowd = { face_count: 1, body_count: 2, crowd_level: 'low', density_score: 0.1, zones: { Hall: 2 } };
    const person = { label: 'person', confidence: 0.8, bbox: [1, 2, 3, 4], track_id: 't' };
    h.receive('face_detection_result', { camera_id: 'c', frame_id: 1, faces: [] });
    h.receive('ai_detection_result', { camera_id: 'c', frame_id: 1, detections: [person], crowd_analysis: crowd });
    expect(h.events('faces')).toMatchObject([{ camera_id: 'c', frame_id: 1 }]);
    expect(h.events('detections')).toEqual([
      { camera_id: 'c', frame_id: 1, detections: [person], crowd_analysis: crowd },
    ]);
  });
});
