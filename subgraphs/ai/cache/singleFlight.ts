interface Flight<Value> {
  readonly result: Promise<Value>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Equal calls that are made while one is under way share it. The work is aborted only when all who wait for it have
 * gone: the first caller's connection is not the others' fate.
 */
export class SingleFlight<Value> {
  readonly #flights = new Map<string, Flight<Value>>();

  /**
   * @param work gets a signal of its own
   * @returns the value, and whether another caller's work gave it
   * @throws what the work throws; the signal's reason when this caller has gone
   */
  async run(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<{ readonly value: Value; readonly isShared: boolean }> {
    const existing = this.#flights.get(key);
    const flight = existing ?? this.#start(key, work);
    flight.waiting += 1;
    try {
      return { value: await orAborted(flight.result, signal), isShared: existing !== undefined };
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        flight.controller.abort(new Error('nobody waits for the answer any more'));
        // whoever comes now must not join a flight that is being ended
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
    const controller = new AbortController();
    const flight: Flight<Value> = { result: work(controller.signal), controller, waiting: 0 };
    this.#flights.set(key, flight);
    const end = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.result.then(end, end);
    return flight;
  }
}

function orAborted<Value>(result: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
