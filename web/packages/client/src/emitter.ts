/** Handlers by event name; typed, added and removed at any time, also from inside a handler. */
export class Emitter<Events> {
  readonly #handlers = new Map<keyof Events, Set<(value: never) => void>>();

  /** Adds a handler and returns what removes it. */
  on<Name extends keyof Events>(name: Name, handler: (value: Events[Name]) => void): () => void {
    // A wrapper of our own, so that the same function added twice is called twice and removed once at a time.
    const entry = (value: Events[Name]): void => {
      handler(value);
    };
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers.add(entry));
    return () => {
      handlers.delete(entry);
    };
  }

  /** Calls every handler. One that throws is reported as uncaught and keeps nothing from the others. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) {
      try {
        (handler as (value: Events[Name]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
