import { request } from '../api/http.ts';
import type { Begin } from './live_picture.ts';
import { Mp4Player } from './mp4_player.ts';
import type { Way } from './player.ts';
import { WayMemory } from './way_memory.ts';

/** What this page has found out about its network. */
export const memory = new WayMemory();
window.addEventListener('online', () => {
  memory.forget();
});

interface Ticket {
  ticket: string;
}

/** How this browser can play a camera's video, best first. */
export function videoWays(cameraId: string): readonly [Way, Begin][] {
  const ways: [Way, Begin][] = [];
  if (Mp4Player.isSupported) {
    ways.push([
      'mp4',
      (quality, beside, told) => new Mp4Player(() => mp4Address(cameraId, quality), beside, told),
    ]);
  }
  return ways;
}

async function mp4Address(cameraId: string, quality: string): Promise<string> {
  const { ticket } = await request<Ticket>('/api/ws-ticket', { method: 'POST' });
  const address = new URL(`/ws/live/${encodeURIComponent(cameraId)}`, location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = new URLSearchParams({ quality, ticket }).toString();
  return address.href;
}
