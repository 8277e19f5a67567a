import { afterEach, expect, test, vi } from 'vitest';

import { ApiError, request } from '../src/api/http.ts';

// The session lives in the browser's storage.
vi.mock('../src/session/session.ts', () => ({ session: { get: () => null } }));

afterEach(() => vi.unstubAllGlobals());

function answering(answer: Response): void {
  vi.stubGlobal('fetch', () => Promise.resolve(answer));
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

test('JSON is read', async () => {
  answering(new Response('{"id":"a"}', { headers: JSON_TYPE }));
  expect(await request('/api/x')).toEqual({ id: 'a' });
});

test.each([
  ['nothing, although a type is named', new Response(null, { status: 204, headers: JSON_TYPE })],
  ['nothing', new Response(null, { status: 204 })],
  ['something else', new Response('')],
])('where there is %s, the answer is nothing', async (_, answer) => {
  answering(answer);
  expect(await request('/api/x', { method: 'DELETE' })).toBeNull();
});

test('a refusal is raised in the words of the server', async () => {
  answering(new Response('{"detail":"no such snooze"}', { status: 404, headers: JSON_TYPE }));
  await expect(request('/api/x')).rejects.toEqual(new ApiError(404, 'no such snooze'));
});
