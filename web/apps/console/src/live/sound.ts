import { useSyncExternalStore } from 'react';

type Chime = 'calm' | 'urgent' | 'escalated';

/** Notes in hertz, one after another. Distinct tunes, so that the ear tells an escalation from a new alert. */
const TUNES: Record<Chime, number[]> = {
  calm: [660],
  urgent: [784, 1047],
  escalated: [1047, 784, 1047],
};
const NOTE_S = 0.16;
/** Alerts that come together sound as one: a flood of tunes over each other says less. */
const QUIET_S = 0.7;
const LOUDNESS = 0.16;
const MUTE_KEY = 'sightline.muted';

let context: AudioContext | null = null;
let lastStartS = -Infinity;
const listeners = new Set<() => void>();

/** Plays a short tune. Browsers keep a page silent until somebody has touched it; nothing is asked for. */
export function chime(tune: Chime): void {
  // A context made before somebody touched the page stays mute, and the browser complains about it.
  if (isMuted() || !navigator.userActivation.hasBeenActive) return;
  context ??= new AudioContext();
  if (context.state === 'suspended') void context.resume();
  const startS = context.currentTime + 0.02;
  if (startS - lastStartS < QUIET_S) return;
  lastStartS = startS;
  TUNES[tune].forEach((hertz, index) => {
    if (context !== null) note(context, hertz, startS + index * NOTE_S);
  });
}

function note(audio: AudioContext, hertz: number, atS: number): void {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.type = 'sine';
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(0, atS);
  volume.gain.linearRampToValueAtTime(LOUDNESS, atS + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.001, atS + NOTE_S * 1.6);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(atS);
  oscillator.stop(atS + NOTE_S * 1.7);
}

function isMuted(): boolean {
  return window.localStorage.getItem(MUTE_KEY) === 'yes';
}

export function setMuted(muted: boolean): void {
  window.localStorage.setItem(MUTE_KEY, muted ? 'yes' : 'no');
  for (const listener of listeners) listener();
}

export function useMuted(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, isMuted);
}
