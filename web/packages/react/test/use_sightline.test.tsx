// @vitest-environment happy-dom
import { SightlineClient } from '@sightline/client';
import type { SocketLike } from '@sightline/client';
import { act, cleanup, render, screen } from '@testing-library/react';
import type { ReactElement } from 'react';
import { StrictMode, useState } from 'react';
import { afterEach, expect, it } from 'vitest';

import { SightlineProvider, useSightline, useStream } from '../src/index.ts';

/** One end of a connection in memory: the test plays the server. */
class Line implements SocketLike {
  binaryType = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: string[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  say(type: string, data: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify({ type, data }) } as never);
  }
}

afterEach(cleanup);

function makeClient(): { client: SightlineClient; lines: Line[] } {
  const lines: Line[] = [];
  const socket = (): Line => {
    const line = new Line();
    lines.push(line);
    return line;
  };
  return { client: new SightlineClient({ url: 'ws://test', device: 'd', token: () => 't', socket }), lines };
}

async function signIn(line: Line | undefined): Promise<void> {
  await act(async () => {
    line?.onopen?.({} as never);
    await Promise.resolve();
    await Promise.resolve();
    line?.say('identification_success', { epoch: 'e', offset: 0, mode: 'live' });
  });
}

function Watcher({ seen }: { seen: string[] }): ReactElement {
  const [label, setLabel] = useState('first');
  const { connection } = useSightline({
    alert: ({ alert }) => {
      seen.push(`${label}:${alert.alert_id}`);
      setLabel('second');
    },
  });
  return <p>{connection.status}</p>;
}

it('shows the connection and calls each handler once, also under StrictMode', async () => {
  const { client, lines } = makeClient();
  const seen: string[] = [];
  render(
    <StrictMode>
      <SightlineProvider client={client}>
        <Watcher seen={seen} />
      </SightlineProvider>
    </StrictMode>,
  );
  expect(lines.map((line) => line.closed)).toEqual([true, false]);
  await signIn(lines[1]);
  expect(screen.getByText('authenticated')).toBeTruthy();
  act(() => {
    lines[1]?.say('alert_triggered', { alert_id: 'a' });
  });
  act(() => {
    lines[1]?.say('alert_triggered', { alert_id: 'b' });
  });
  expect(seen).toEqual(['first:a', 'second:b']);
});

it('removes handlers and closes the connection when it goes', async () => {
  const { client, lines } = makeClient();
  const seen: string[] = [];
  const { rerender, unmount } = render(
    <SightlineProvider client={client}>
      <Watcher seen={seen} />
    </SightlineProvider>,
  );
  await signIn(lines[0]);
  rerender(<SightlineProvider client={client}>nothing</SightlineProvider>);
  act(() => {
    lines[0]?.say('alert_triggered', { alert_id: 'a' });
  });
  expect(seen).toEqual([]);
  unmount();
  expect(lines[0]?.closed).toBe(true);
  expect(client.connection.status).toBe('disconnected');
});

it('needs a provider', () => {
  expect(() => render(<Watcher seen={[]} />)).toThrow('SightlineProvider');
});

function Player({ quality }: { quality: 'sd' | 'hd' }): ReactElement {
  const { state, url, error } = useStream('c1', quality);
  return <p>{`${state} ${url ?? '-'} ${error ?? '-'}`}</p>;
}

/** What this line was asked about streams: type, id. */
function asked(line: Line | undefined): { type: string; id: string; data: Record<string, unknown> }[] {
  const said = (line?.sent ?? []).map((text) => JSON.parse(text) as { type: string; id: string; data: Record<string, unknown> });
  return said.filter(({ type }) => type.startsWith('stream_'));
}

function answer(line: Line | undefined, type: string, id: string | undefined, data: Record<string, unknown>): void {
  act(() => {
    line?.onmessage?.({ data: JSON.stringify({ type, id, data: { camera_id: 'c1', ...data } }) } as never);
  });
}

it('keeps one stream for all who show a camera, over reconnections, also under StrictMode', async () => {
  const { client, lines } = makeClient();
  const page = (players: number, quality: 'sd' | 'hd' = 'sd'): ReactElement => (
    <StrictMode>
      <SightlineProvider client={client}>
        {Array.from({ length: players }, (_, index) => (
          <Player key={index} quality={quality} />
        ))}
      </SightlineProvider>
    </StrictMode>
  );
  const { rerender } = render(page(1));
  await signIn(lines[1]);
  const first = asked(lines[1]);
  expect(first.map(({ type }) => type)).toEqual(['stream_start_request']);
  answer(lines[1], 'stream_start_success', first[0]?.id, { quality: 'sd', stream_url: 'u1', status: 'online' });
  expect(screen.getByText('started u1 -')).toBeTruthy();

  rerender(page(1, 'hd'));
  const change = asked(lines[1])[1];
  expect(change).toMatchObject({ type: 'stream_quality_change', data: { new_quality: 'hd' } });
  answer(lines[1], 'quality_change_success', change?.id, { new_quality: 'hd', stream_url: 'u2' });
  expect(screen.getByText('started u2 -')).toBeTruthy();

  rerender(page(2, 'hd'));
  rerender(page(1, 'hd'));
  expect(asked(lines[1]).some(({ type }) => type === 'stream_stop_request')).toBe(false);

  act(() => {
    lines[1]?.onclose?.({ code: 4000, reason: 'retry_after_s=0' } as never);
    client.retryNow();
  });
  await signIn(lines[2]);
  const again = asked(lines[2]);
  expect(again[0]).toMatchObject({ type: 'stream_start_request', data: { camera_id: 'c1', quality: 'hd' } });
  answer(lines[2], 'stream_start_success', again.at(-1)?.id, { quality: 'hd', stream_url: 'u3', status: 'online' });
  expect(screen.getByText('started u3 -')).toBeTruthy();
  rerender(page(0, 'hd'));
  expect(asked(lines[2]).at(-1)?.type).toBe('stream_stop_request');
});

it('says why there is no stream', async () => {
  const { client, lines } = makeClient();
  render(
    <SightlineProvider client={client}>
      <Player quality="sd" />
    </SightlineProvider>,
  );
  expect(screen.getByText('starting - -')).toBeTruthy();
  await signIn(lines[0]);
  answer(lines[0], 'stream_start_error', asked(lines[0])[0]?.id, { error: 'nobody answers there', code: 'PROCESSING_ERROR' });
  expect(screen.getByText('failed - nobody answers there')).toBeTruthy();
});
