import type { SubscribeOptions } from './messages.ts';

/** What the server should send of one camera: the union of what everybody on this page asked for. */
export interface Wanted {
  frames: boolean;
  maxFps: number | null;
}

/**
 * Who on this page wants which camera. Several parts of an application may watch one camera; the server is told once,
 * and told again only when the union changes.
 */
export class Subscriptions {
  readonly #byCamera = new Map<string, Map<symbol, SubscribeOptions>>();

  /** Adds a wish; returns what to ask of the server, or `null` when that has not changed. */
  add(cameraId: string, wish: symbol, options: SubscribeOptions): Wanted | null {
    const before = this.wanted(cameraId);
    const wishes = this.#byCamera.get(cameraId) ?? new Map<symbol, SubscribeOptions>();
    this.#byCamera.set(cameraId, wishes.set(wish, options));
    return changed(before, this.wanted(cameraId));
  }

  /** Takes a wish back; `gone` when nobody wants this camera any more. */
  remove(cameraId: string, wish: symbol): Wanted | 'gone' | null {
    const wishes = this.#byCamera.get(cameraId);
    const before = this.wanted(cameraId);
    if (wishes?.delete(wish) !== true) return null;
    if (wishes.size > 0) return changed(before, this.wanted(cameraId));
    this.#byCamera.delete(cameraId);
    return 'gone';
  }

  /** Everything wanted, to be asked for again after a reconnection. */
  all(): [cameraId: string, wanted: Wanted][] {
    return [...this.#byCamera.keys()].flatMap((id) => {
      const wanted = this.wanted(id);
      return wanted === null ? [] : [[id, wanted]];
    });
  }

  wanted(cameraId: string): Wanted | null {
    const wishes = [...(this.#byCamera.get(cameraId)?.values() ?? [])];
    if (wishes.length === 0) return null;
    const rates = wishes.map((wish) => wish.maxFps ?? Infinity);
    const fastest = Math.max(...rates);
    return { frames: wishes.some((wish) => wish.frames === true), maxFps: fastest === Infinity ? null : fastest };
  }
}

function changed(before: Wanted | null, after: Wanted | null): Wanted | null {
  if (before?.frames === after?.frames && before?.maxFps === after?.maxFps) return null;
  return after;
}
