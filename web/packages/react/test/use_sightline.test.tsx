// @vitest-environment happy-dom
import { SightlineClient } from '@sightline/client';
import type { SocketLike } from '@sightline/client';
import { act, cleanup, render, screen } from '@testing-library/react';
import type { ReactElement } from 'react';
import { StrictMode, useState } from 'react';
import { afterEach, expect, it } from 'vitest';

import { SightlineProvider, useSightline } from '../src/index.ts';

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
