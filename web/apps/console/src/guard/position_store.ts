import { useSyncExternalStore } from 'react';

import type { Place } from './geo.ts';

export interface Fix extends Place {
  /** Radius in metres within which the device is with 95 % confidence. */
  accuracyM: number;
  atMs: number;
}

/**
 * What is known of where this device is. `off`: nobody asked · `prompt`: the browser would have to ask the person ·
 * `searching` · `found` · `denied` · `unavailable`: allowed, and not found.
 */
export type PositionState = 'off' | 'prompt' | 'searching' | 'found' | 'denied' | 'unavailable';

export interface DevicePosition {
  state: PositionState;
  fix: Fix | null;
}

const WATCH: PositionOptions = { enableHighAccuracy: true, maximumAge: 10_000, timeout: 30_000 };
/** An older fix says nothing about where one is now. */
const STALE_MS = 120_000;
const ASK_AGAIN_MS = 40_000;

type Devices = Pick<Navigator, 'geolocation' | 'permissions'>;

/** Follows the device's position from `start` until `stop`, never otherwise, and forgets it then. */
export class PositionStore {
  #position: DevicePosition = { state: 'off', fix: null };
  #watch: number | null = null;
  #asking: ReturnType<typeof setInterval> | undefined;
  #wanted = false;
  readonly #devices: Devices;
  readonly #listeners = new Set<() => void>();

  constructor(devices: Devices) {
    this.#devices = devices;
  }

  readonly get = (): DevicePosition => this.#position;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Follows the position if the person has allowed that before; else says that they would have to be asked. */
  async start(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    if (!window.isSecureContext) {
      // Browsers give no position to a page that came without TLS, and some do not even say so.
      this.#set({ state: 'unavailable', fix: null });
      return;
    }
    const permission = await this.#devices.permissions.query({ name: 'geolocation' });
    permission.onchange = () => {
      this.#judge(permission.state);
    };
    this.#judge(permission.state);
  }

  /** Follows the position; the browser asks the person where it must. */
  ask(): void {
    if (!this.#wanted || this.#watch !== null) return;
    this.#set({ state: 'searching', fix: null });
    const { geolocation } = this.#devices;
    this.#watch = geolocation.watchPosition(this.#found, this.#failed, WATCH);
    // Who stands still is not reported again, and would be forgotten.
    this.#asking = setInterval(() => {
      geolocation.getCurrentPosition(this.#found, this.#failed, WATCH);
    }, ASK_AGAIN_MS);
  }

  stop(): void {
    this.#wanted = false;
    this.#endWatch();
    this.#set({ state: 'off', fix: null });
  }

  #judge(state: PermissionState): void {
    if (!this.#wanted) return;
    if (state === 'granted') this.ask();
    else {
      this.#endWatch();
      this.#set({ state, fix: null });
    }
  }

  readonly #found = ({ coords }: GeolocationPosition): void => {
    if (this.#watch === null) return;
    const { latitude, longitude, accuracy } = coords;
    this.#set({ state: 'found', fix: { latitude, longitude, accuracyM: accuracy, atMs: Date.now() } });
  };

  readonly #failed = (error: GeolocationPositionError): void => {
    if (this.#watch === null) return;
    if (error.code === error.PERMISSION_DENIED) {
      this.#endWatch();
      this.#set({ state: 'denied', fix: null });
      return;
    }
    const { fix } = this.#position;
    // One miss in a stairwell is no reason to forget a fix that is still good.
    if (fix === null || Date.now() - fix.atMs > STALE_MS) this.#set({ state: 'unavailable', fix: null });
  };

  #endWatch(): void {
    if (this.#watch !== null) this.#devices.geolocation.clearWatch(this.#watch);
    clearInterval(this.#asking);
    this.#watch = null;
  }

  #set(position: DevicePosition): void {
    this.#position = position;
    for (const listener of this.#listeners) listener();
  }
}

/** The one position of this device. */
export const devicePosition = new PositionStore(navigator);

export function useDevicePosition(): DevicePosition {
  return useSyncExternalStore(devicePosition.subscribe, devicePosition.get);
}
