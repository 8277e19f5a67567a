import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';

import { SightlineClient } from '../src/client.ts';
import type { ClientOptions, SocketLike } from '../src/client.ts';
import type { Envelope } from '../src/messages.ts';

/** A real WebSocket server that answers as the gateway does, as far as a session needs it. */
class ScriptedServer {
  readonly heard: Envelope[] = [];
  readonly sockets: WebSocket[] = [];
  #server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  port = 0;
  offset = 0;

  async listen(): Promise<void> {
    await new Promise((resolve) => this.#server.once('listening', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    this.#server.on('connection', (socket) => {
      this.#serve(socket);
    });
  }

  send(type: string, data: Record<string, unknown>, id?: string): void {
    this.sockets.at(-1)?.send(JSON.stringify({ type, data, ...(id === undefined ? {} : { id }) }));
  }

  types(): string[] {
    return this.heard.map((one) => one.type);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: WebSocket): void {
    this.sockets.push(socket);
    this.send('connection_established', { heartbeat_interval: 30 });
    socket.on('message', (raw: Buffer) => {
      const message = JSON.parse(raw.toString('utf8')) as Envelope;
      this.heard.push(message);
      if (message.type === 'heartbeat') this.send('heartbeat_ack', { server_time: 1 });
      if (message.type === 'client_identify') {
        const mode = 'resume' in message.data ? 'resumed' : 'live';
        this.send('identification_success', { epoch: 'e', offset: this.offset, mode });
      }
      if (message.type === 'ack') {
        this.send('recorded', { alert_id: message.data['alert_id'], state: 'acknowledged', by: 'Ada', at: 1 }, message.id);
      }
    });
  }
}

let server: ScriptedServer;
let client: SightlineClient | null = null;

beforeEach(async () => {
  server = new ScriptedServer();
  await server.listen();
});

afterEach(async () => {
  client?.disconnect();
  await server.stop();
});

function connect(options: Partial<ClientOptions> = {}): SightlineClient {
  client = new SightlineClient({
    url: `ws://127.0.0.1:${String(server.port)}/ws/v1`,
    device: 'd',
    token: () => 'token',
    socket: (url) => new WebSocket(url) as unknown as SocketLike,
    ...options,
  });
  client.connect();
  return client;
}

async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await new Promise((resolve) => setTimeout(resolve, 5));
}

it('signs in, hears an alert and a frame, takes the alert, and is told that it is recorded', async () => {
  const one = connect();
  const alerts: string[] = [];
  const taps: string[] = [];
  const frames: number[] = [];
  one.on('alert', ({ alert }) => alerts.push(alert.alert_id));
  one.on('tap', (tap) => taps.push(tap.state));
  one.on('frame', (frame) => frames.push(frame.jpeg.length));
  await until(() => one.connection.status === 'authenticated');
  server.send('alert_triggered', { alert_id: 'a', offset: 1 });
  server.send('position', { from: 0, to: 1 });
  const header = Buffer.from(JSON.stringify({ camera_id: 'c', frame_id: 1, timestamp: 1, width: 2, height: 2 }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  server.sockets.at(-1)?.send(Buffer.concat([length, header, Buffer.from([7, 7, 7])]));
  await until(() => alerts.length === 1 && frames.length === 1);
  one.acknowledge('a', 'confirmed');
  await until(() => taps.includes('recorded') && server.types().includes('received'));
  expect(taps).toEqual(['queued', 'sent', 'recorded']);
  expect(frames).toEqual([3]);
  expect(one.taps).toEqual([]);
  expect(one.statistics.latency).toBeGreaterThanOrEqual(0);
});

it('comes back after a cut with its place and its taps', async () => {
  const one = connect({ jitter: 0, random: () => 0 });
  await until(() => one.connection.status === 'authenticated');
  server.send('position', { from: 0, to: 9 });
  await until(() => server.types().includes('received'));
  server.sockets.at(-1)?.terminate();
  await until(() => one.connection.status === 'disconnected');
  expect(one.connection.reason).toBe('the server cannot be reached');
  one.acknowledge('a');
  expect(one.taps.map((tap) => tap.state)).toEqual(['queued']);
  one.retryNow();
  await until(() => one.taps.length === 0);
  const identifications = server.heard.filter((message) => message.type === 'client_identify');
  expect(identifications.at(-1)?.data['resume']).toEqual({ epoch: 'e', offset: 9 });
});

it('stops when a newer connection took over', async () => {
  const one = connect();
  await until(() => one.connection.status === 'authenticated');
  server.sockets.at(-1)?.close(4502, 'superseded');
  await until(() => one.connection.stopped !== null);
  expect(one.connection).toMatchObject({ stopped: 'superseded', retryAtMs: null });
});

it('tries again when no token can be fetched, and stops when nobody is signed in', async () => {
  const reasons: string[] = [];
  let asked = 0;
  const token = (): Promise<null> => {
    asked += 1;
    return asked === 1 ? Promise.reject(new Error('the sign-in service is away')) : Promise.resolve(null);
  };
  const one = connect({ token });
  one.on('connection', (view) => reasons.push(view.reason));
  await until(() => one.connection.retryAtMs !== null);
  one.retryNow();
  await until(() => one.connection.stopped !== null);
  expect(reasons).toContain('the sign-in service is away');
  expect(one.connection.stopped).toBe('bad_token');
  expect(server.types()).toEqual([]);
});
