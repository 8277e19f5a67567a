/** Why a session of video did not begin or ended. `blocked`: no way by UDP · `refused`: trying again does not help. */
export interface Problem {
  kind: 'blocked' | 'lost' | 'refused';
  reason: string;
}

/** How a device's pictures travel. */
export type Way = 'webrtc' | 'pictures';

export interface OutgoingEvents {
  onLive: () => void;
  /** Once, and nothing after it. */
  onLost: (problem: Problem) => void;
}

/** Pictures on their way to the server. */
export interface Outgoing {
  /** The person has had enough: the server is told. */
  stop: () => void;
  /** Lets go without a word, because something better follows. */
  drop: () => void;
}
