import type { DetectionResult, FaceResult } from '@sightline/client';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { CaptureClock, referenceTime } from '../src/video/capture_clock.ts';
import type { Source } from '../src/video/live_picture.ts';
import { LivePicture } from '../src/video/live_picture.ts';
import { Observations } from '../src/video/observations.ts';
import type { Player, Quality, Told, Way } from '../src/video/player.ts';
import { RtpClock } from '../src/video/rtp_clock.ts';
import { WayMemory } from '../src/video/way_memory.ts';

function face(track: string, left: number): FaceResult['faces'][number] {
  return {
    bbox: [left, 0, left + 10, 10], confidence: 1, landmarks: [], track_id: track, identity: 'unknown', is_known: false,
    person_id: null, name: null, similarity: null, live: null,
  } as unknown as FaceResult['faces'][number];
}

function seen(timestamp: number, ...faces: FaceResult['faces']): FaceResult {
  return { camera_id: 'c', frame_id: timestamp, timestamp, width: 100, height: 50, faces };
}

describe('what was observed, by time', () => {
  it('belongs to the frame it was observed in, whatever came since', () => {
    const observations = new Observations();
    observations.addFaces(seen(1000, face('a', 10)));
    observations.addFaces(seen(1200, face('a', 30)));
    expect(observations.at(999)).toBeNull();
    expect(observations.at(1000)?.faces[0]?.bbox).toEqual([10, 0, 20, 10]);
    expect(observations.at(1200)?.faces[0]?.bbox).toEqual([30, 0, 40, 10]);
  });

  it('moves with its track in between, and a track that ends stays where it was', () => {
    const observations = new Observations();
    observations.addFaces(seen(1000, face('a', 10), face('b', 60)));
    observations.addFaces(seen(1200, face('a', 30), face('c', 80)));
    expect(observations.at(1050)?.faces.map(({ bbox }) => bbox[0])).toEqual([15, 60]);
  });

  it('is forgotten a second after the last one, and says nothing across a long gap', () => {
    const observations = new Observations();
    observations.addFaces(seen(1000, face('a', 10)));
    expect(observations.at(2000)?.faces).toHaveLength(1);
    expect(observations.at(2001)).toBeNull();
    observations.addFaces(seen(9000, face('a', 90)));
    expect(observations.at(5000)).toBeNull();
    expect(observations.at(1100)?.faces[0]?.bbox[0]).toBe(10);
  });

  it('puts faces and things of one time together, in whichever order they come', () => {
    const observations = new Observations();
    const things: DetectionResult = {
      camera_id: 'c', frame_id: 1, timestamp: 1000, width: 100, height: 50, source: 's',
      detections: [{ label: 'person', confidence: 1, bbox: [0, 0, 1, 1], track_id: 'p' }],
      crowd_analysis: { face_count: 1, body_count: 1, crowd_level: 'low', density_score: null },
    };
    observations.addFaces(seen(1200, face('a', 30)));
    observations.addFaces(seen(1000, face('a', 10)));
    observations.addObjects(things);
    const then = observations.at(1000);
    expect([then?.faces[0]?.bbox[0], then?.objects[0]?.label, then?.crowd?.body_count]).toEqual([10, 'person', 1]);
    expect(observations.newestMs).toBe(1200);
  });
});

describe('when a picture was captured', () => {
  it('is exact for every picture, however uneven their times', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 15, max: 900 }), fc.integer({ min: 0, max: 2000 })), { minLength: 1, maxLength: 200 }), (steps) => {
        const clock = new CaptureClock();
        let [mediaMs, atMs] = [5000, 1_700_000_000_000];
        for (const [mediaStep, atStep] of steps) {
          mediaMs += mediaStep;
          atMs += atStep;
          clock.mark(mediaMs / 1000, atMs);
        }
        expect(clock.at(mediaMs / 1000)).toBe(atMs);
      }),
    );
  });

  it('is not known before the first mark, nor of the video before', () => {
    const clock = new CaptureClock();
    expect(clock.at(1)).toBeNull();
    clock.mark(100, 5000);
    clock.mark(1, 9000);
    expect(clock.at(1)).toBe(9000);
    expect(clock.at(1.5)).toBe(9500);
    expect(clock.at(0.5)).toBeNull();
  });

  it('is read from a fragment', () => {
    const box = new DataView(new ArrayBuffer(40));
    const atMs = 1_767_265_205_678;
    box.setUint32(0, 32);
    box.setUint32(4, 0x70726674);
    box.setUint8(8, 1);
    box.setUint32(16, Math.floor(atMs / 1000) + 2_208_988_800);
    box.setUint32(20, Math.floor(((atMs % 1000) * 2 ** 32) / 1000));
    box.setBigUint64(24, 450_000n);
    expect(referenceTime(box.buffer)).toEqual({ mediaS: 5, atMs });
    expect(referenceTime(new ArrayBuffer(8))).toBeNull();
    expect(referenceTime(new ArrayBuffer(64))).toBeNull();
  });
});

describe('when a picture of an RTP stream was captured', () => {
  it('follows from one timestamp, also when they begin again', () => {
    const clock = new RtpClock();
    expect(clock.at(1)).toBeNull();
    clock.set(2 ** 32 - 900, 5000);
    expect(clock.at(2 ** 32 - 900)).toBe(5000);
    expect(clock.at(900)).toBe(5020);
    expect(clock.at(2 ** 32 - 1800)).toBe(4990);
  });

  it('stays right for days', () => {
    const clock = new RtpClock();
    clock.set(0, 0);
    const hourTicks = 3_600_000 * 90;
    for (let hour = 1; hour <= 48; hour += 1) expect(clock.at((hour * hourTicks) % 2 ** 32)).toBe(hour * 3_600_000);
  });
});

class ScriptedPlayer implements Player {
  connected = false;
  stopped = false;
  constructor(readonly way: Way, readonly quality: Quality, readonly told: Told) {}

  picture(): void {
    this.connected = true;
    this.told.onPicture({ videoWidth: 4, videoHeight: 2 } as HTMLVideoElement, 1);
  }

  stop(): void {
    this.stopped = true;
  }
}

describe('the live picture chooses its way', () => {
  let players: ScriptedPlayer[];
  let subscriptions: { frames?: boolean }[];
  let ways: Way[];
  let memory: WayMemory;

  beforeEach(() => {
    vi.useFakeTimers();
    [players, subscriptions, ways, memory] = [[], [], [], new WayMemory()];
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function livePicture(): LivePicture {
    const begin = (way: Way) => (quality: Quality, _beside: Element, told: Told): Player => {
      const player = new ScriptedPlayer(way, quality, told);
      players.push(player);
      return player;
    };
    const source: Source = {
      on: () => () => undefined,
      subscribeCamera: (_camera, options) => {
        subscriptions.push(options);
        return () => {
          subscriptions.splice(subscriptions.indexOf(options), 1);
        };
      },
    };
    const canvas = { getContext: () => null } as unknown as HTMLCanvasElement;
    return new LivePicture(
      {
        cameraId: 'c', source, canvas, video: [['webrtc', begin('webrtc')], ['mp4', begin('mp4')]], jpegFps: 8, memory,
        onPainted: () => undefined,
        onWay: (way) => ways.push(way),
      },
      'sd',
    );
  }

  it('has single pictures until the first of a video, and none beside it', () => {
    const picture = livePicture();
    expect(subscriptions).toEqual([{ frames: true, maxFps: 8 }]);
    players[0]?.picture();
    expect(ways).toEqual(['webrtc']);
    expect(subscriptions).toEqual([{ frames: false }]);
    picture.stop();
    expect(subscriptions).toEqual([]);
    expect(players.map(({ stopped }) => stopped)).toEqual([true]);
  });

  it('goes on to the next way when one does not reach the server, and so does the next camera at once', () => {
    const picture = livePicture();
    vi.advanceTimersByTime(6000);
    expect(players.map(({ way, stopped }) => [way, stopped])).toEqual([['webrtc', true], ['mp4', false]]);
    players[1]?.picture();
    expect(ways).toEqual(['mp4']);
    const other = livePicture();
    expect(players.at(-1)?.way).toBe('mp4');
    other.stop();
    picture.stop();
  });

  it('waits longer for a picture than for the server', () => {
    const picture = livePicture();
    const [first] = players;
    if (first !== undefined) first.connected = true;
    vi.advanceTimersByTime(12_000);
    expect(players).toHaveLength(1);
    vi.advanceTimersByTime(5000);
    expect(players.map(({ way }) => way)).toEqual(['webrtc', 'mp4']);
    expect(memory.isBlocked('webrtc', performance.now())).toBe(false);
    picture.stop();
  });

  it('goes back to single pictures when a video fails, and tries again', () => {
    const picture = livePicture();
    players[0]?.picture();
    players[0]?.told.onEnd(true);
    expect(subscriptions).toEqual([{ frames: true, maxFps: 8 }]);
    vi.advanceTimersByTime(3000);
    expect(players).toHaveLength(2);
    players[1]?.picture();
    vi.advanceTimersByTime(7000);
    expect(players[1]?.stopped, 'a picture that stands still is no video').toBe(true);
    picture.stop();
  });

  it('shows another quality only once that has a picture', () => {
    const picture = livePicture();
    players[0]?.picture();
    picture.show('hd');
    expect(players.map(({ quality, stopped }) => [quality, stopped])).toEqual([['sd', false], ['hd', false]]);
    players[1]?.picture();
    expect(players.map(({ stopped }) => stopped)).toEqual([true, false]);
    picture.stop();
  });
});
