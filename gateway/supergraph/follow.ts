import { setTimeout as delay } from 'node:timers/promises';

export interface FollowOptions<Value> {
  readonly read: (signal: AbortSignal) => Promise<Value>;
  /** Time between two reads, jittered by ±20 % so that many gateways do not ask at once; `0` = only when poked. */
  readonly intervalMs: number;
  /** Called with the first value, and then only when it differs from the one before. */
  readonly onValue: (value: Value) => void;
  readonly isSame: (a: Value, b: Value) => boolean;
  /** Called for every read that fails. */
  readonly onFailure: (error: unknown, retryInMs: number) => void;
}

export interface Followed {
  /** Resolves when the first read has ended, well or badly. */
  readonly firstRead: Promise<void>;
  /** Reads again now, or right after the read under way. */
  poke(): void;
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/** Source: AWS Architecture Blog, "Exponential Backoff And Jitter": equal jitter, half fixed and half random. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/**
 * Follows a value that changes elsewhere (a file, a subgraph's SDL): reads it again and again, one read at a time, with
 * backoff while reads fail.
 */
export function follow<Value>(options: FollowOptions<Value>): Followed {
  const ending = new AbortController();
  let last: { readonly value: Value } | undefined;
  let failures = 0;
  let isPoked = false;
  let wake = new AbortController();
  let firstReadEnded: () => void = () => {};
  const firstRead = new Promise<void>((resolve) => {
    firstReadEnded = resolve;
  });

  const readOnce = async (): Promise<number> => {
    try {
      const value = await options.read(ending.signal);
      failures = 0;
      if (!ending.signal.aborted && (last === undefined || !options.isSame(last.value, value))) {
        last = { value };
        options.onValue(value);
      }
      return options.intervalMs * (0.8 + 0.4 * Math.random());
    } catch (error) {
      failures += 1;
      const retryInMs = retryDelayMs(failures);
      if (!ending.signal.aborted) options.onFailure(error, retryInMs);
      return retryInMs;
    }
  };

  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      isPoked = false;
      wake = new AbortController();
      const waitMs = await readOnce();
      firstReadEnded();
      if (isPoked || ending.signal.aborted) continue;
      const signal = AbortSignal.any([wake.signal, ending.signal]);
      // An interval of 0 waits for a poke; the longest timer of Node.js is 2^31-1 ms.
      await delay(waitMs > 0 ? waitMs : 2 ** 31 - 1, undefined, { signal, ref: true }).catch(() => {});
    }
    firstReadEnded();
  };
  const ended = loop();

  return {
    firstRead,
    poke() {
      isPoked = true;
      wake.abort();
    },
    async stop() {
      ending.abort();
      await ended;
    },
  };
}
