import { plural } from './plural.ts';

export const traceText = {
  title: 'Why',
  rules: {
    watch_list: (list: string, unseenS: number, realertS: number) =>
      `On the watch list “${list}”, not seen for more than ${String(unseenS)} s before, and the last alert was more than ${String(realertS)} s ago.`,
    unknown_person: (unseenS: number) =>
      `Nobody enrolled, on a camera that alerts on strangers, and not seen for more than ${String(unseenS)} s before.`,
    camera_offline: (awayS: number) => `The camera delivered no picture for ${String(awayS)} s.`,
    seen: (what: string, zone: string | null) => `${what} seen ${zone === null ? 'in the picture' : `in “${zone}”`}, and a rule of the camera asks for that.`,
    line_crossed: (what: string, line: string, way: string) => `${what} crossed “${line}” (${way}), and a rule of the camera asks for that.`,
    crowd: (people: number, limit: number, zone: string | null) =>
      `${String(people)} people ${zone === null ? 'in the picture' : `in “${zone}”`}; the limit is ${String(limit)}.`,
    attack: 'The face looked like a picture or a screen held up to the camera.',
  },
  zone: 'Zone',
  line: 'Line',
  liveness: 'Liveness',
  conditions: 'What was asked for',
  held: 'held',
  notHeld: 'not held',
  against: (limit: string) => `against ${limit}`,
  reason: 'Reason',
  margin: 'Ahead of the next person by',
  nearest: 'Nearest enrolled person',
  firstSeen: 'First seen',
  inference: 'Models took',
  reported: 'Frame to server',
  captureToAlert: 'Frame to alert',
  model: 'Model',
  late: 'This arrived late: it happened while the engine had no connection.',
  samples: (count: number) => `Rests on ${plural(count, 'look')}`,
  time: 'Time',
  frame: 'Frame',
  quality: 'Quality',
  similarity: 'Similarity',
  gates: 'Gates failed',
  passed: 'none',
  none: 'No trace was recorded for this alert.',
};
