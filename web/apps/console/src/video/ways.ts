import { endSession, offerSession, request } from '../api/http.ts';
import type { Begin } from './live_picture.ts';
import { Mp4Player } from './mp4_player.ts';
import type { Way } from './player.ts';
import { WayMemory } from './way_memory.ts';
import type { Signalling } from './whep_player.ts';
import { WhepPlayer } from './whep_player.ts';

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
  if (WhepPlayer.isSupported) {
    ways.push(['webrtc', (quality, beside, told) => new WhepPlayer(signalling(cameraId, quality), beside, told)]);
  }
  if (Mp4Player.isSupported) {
    ways.push([
      'mp4',
      (quality, beside, told) => new Mp4Player(() => mp4Address(cameraId, quality), beside, told),
    ]);
  }
  return ways;
}

function signalling(cameraId: string, quality: string): Signalling {
  const address = `/whep/${encodeURIComponent(cameraId)}?${new URLSearchParams({ quality }).toString()}`;
  return {
    offer: (sdp) => offerSession(address, sdp),
    end: endSession,
  };
}

async function mp4Address(cameraId: string, quality: string): Promise<string> {
  const { ticket } = await request<Ticket>('/api/ws-ticket', { method: 'POST' });
  const address = new URL(`/ws/live/${encodeURIComponent(cameraId)}`, location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  address.search = new URLSearchParams({ quality, ticket }).toString();
  return address.href;
}
