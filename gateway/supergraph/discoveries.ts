import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { InstanceRead, InstanceReader } from './discoveryBackend.ts';
import { discoveryBackendFor } from './discoveryBackends.ts';
import type { DiscoverySettings } from './discoverySettings.ts';
import { DiskStore } from './diskStore.ts';
import { retryDelayMs } from './follow.ts';
import { type Instance, inOrder } from './instance.ts';
import { sha256 } from './supergraph.ts';

/** The instances of one subgraph, held by one who asks them, such as an engine. */
export interface FollowedInstances {
  /** Those in force; empty while none are known. */
  readonly current: readonly Instance[];
  /** Resolves when the registry was asked once, well or badly. */
  readonly firstRead: Promise<void>;
  /** Calls back with each list after the one in force. Returns how to stop that. */
  onChange(listener: (instances: readonly Instance[]) => void): () => void;
  /** Ends the hold. What nobody holds is not followed any more. */
  release(): void;
}

/** Holds what a URL names at a registry; `undefined` for a plain URL. */
export type FollowInstances = (subgraph: string, url: string) => FollowedInstances | undefined;

export interface DiscoveriesOptions {
  readonly settings: DiscoverySettings;
  readonly log: Logger;
  /** Folder for the last known lists; without one they end with the process. */
  readonly cacheFolder: string | undefined;
}

/** Holds instances where nobody is going to be asked, such as for a query plan: there are none. */
export const followNobody: FollowInstances = (_subgraph, url) => {
  if (discoveryBackendFor(url) === undefined) return undefined;
  return { current: [], firstRead: Promise.resolve(), onChange: () => () => {}, release: () => {} };
};

/**
 * Follows registries for as long as somebody holds what they name. It lives with the process and not with an engine, so
 * that a swap neither forgets an instance nor asks a registry anew. While a registry is away the last known list stays
 * in force, also over a restart.
 */
export class Discoveries {
  readonly #options: DiscoveriesOptions;
  readonly #records: DiskStore | undefined;
  readonly #followed = new Map<string, FollowedName>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: DiscoveriesOptions) {
    this.#options = options;
    const { cacheFolder } = options;
    this.#records =
      cacheFolder === undefined ? undefined : new DiskStore(path.join(cacheFolder, 'instances'), 512);
  }

  readonly follow: FollowInstances = (subgraph, url) => {
    const backend = discoveryBackendFor(url);
    if (backend === undefined) return undefined;
    const { settings, log } = this.#options;
    const own = settings.subgraphs[subgraph];
    const target = {
      url,
      scheme: own?.scheme ?? settings.scheme,
      path: own?.path ?? settings.path,
      settings,
    };
    const key = sha256(JSON.stringify([target.url, target.scheme, target.path]));
    let followed = this.#followed.get(key);
    if (followed === undefined) {
      followed = new FollowedName({
        reader: backend.open(target),
        emptyAfterMs: settings.empty_after_ms,
        log: log.child({ subgraph, registry: backend.scheme }),
        readKept: async () => kept.safeParse(await this.#records?.read(key)).data ?? [],
        keep: (instances) => this.#records?.write(key, instances) ?? Promise.resolve(),
      });
      this.#followed.set(key, followed);
    }
    return this.#hold(key, followed);
  };

  /** Waits for the connections to registries to be closed. */
  async stop(): Promise<void> {
    for (const [key, followed] of this.#followed) this.#end(key, followed);
    await Promise.all(this.#ending);
  }

  #hold(key: string, followed: FollowedName): FollowedInstances {
    followed.holders += 1;
    const stops = new Set<() => void>();
    let isHeld = true;
    return {
      get current() {
        return followed.current;
      },
      firstRead: followed.firstRead,
      onChange(listener) {
        followed.listeners.add(listener);
        const stop = (): void => {
          followed.listeners.delete(listener);
          stops.delete(stop);
        };
        stops.add(stop);
        return stop;
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        for (const stop of stops) stop();
        followed.holders -= 1;
        if (followed.holders === 0) this.#end(key, followed);
      },
    };
  }

  #end(key: string, followed: FollowedName): void {
    if (this.#followed.get(key) !== followed) return;
    this.#followed.delete(key);
    const ending = followed.stop();
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }
}

/** A list of the process before this one; what another version wrote reads as none. */
const kept = z.array(
  z.object({
    url: z.url({ protocol: /^https?$/ }),
    host: z.string().exactOptional(),
    zone: z.string().exactOptional(),
    weight: z.number().positive(),
    priority: z.number(),
  }),
);

interface FollowedNameOptions {
  readonly reader: InstanceReader;
  readonly emptyAfterMs: number;
  readonly log: Logger;
  readonly readKept: () => Promise<readonly Instance[]>;
  readonly keep: (instances: readonly Instance[]) => Promise<void>;
}

/** However often a registry says that something changed, it is not read more often than this. */
const SHORTEST_PAUSE_MS = 50;

/** One name at one registry: the loop that reads it, and the list in force. */
class FollowedName {
  current: readonly Instance[] = [];
  holders = 0;
  readonly firstRead: Promise<void>;
  readonly listeners = new Set<(instances: readonly Instance[]) => void>();
  readonly #options: FollowedNameOptions;
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  #failures = 0;
  #saidReason: string | undefined;
  #emptyTimer: NodeJS.Timeout | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: FollowedNameOptions) {
    this.#options = options;
    let firstReadEnded: () => void = () => {};
    this.firstRead = new Promise((resolve) => {
      firstReadEnded = resolve;
    });
    this.#ended = this.#follow(firstReadEnded);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#emptyTimer);
    await this.#ended;
    await this.#options.reader.close();
    await this.#keeping;
  }

  async #follow(firstReadEnded: () => void): Promise<void> {
    const { signal } = this.#ending;
    const last = inOrder(await this.#options.readKept());
    if (last.length > 0) this.#tell(last);
    while (!signal.aborted) {
      const pauseMs = await this.#readOnce(signal);
      firstReadEnded();
      await pause(Math.max(pauseMs, SHORTEST_PAUSE_MS), signal);
    }
    firstReadEnded();
  }

  /** @returns the time until the next read */
  async #readOnce(signal: AbortSignal): Promise<number> {
    const { reader, log } = this.#options;
    let read: InstanceRead;
    try {
      read = await reader.read(signal);
    } catch (error) {
      if (signal.aborted) return 0;
      this.#failures += 1;
      const retryInMs = retryDelayMs(this.#failures);
      const reason = error instanceof Error ? error.message : String(error);
      // said once for each reason, not at every try
      if (reason !== this.#saidReason) {
        log.warn(
          { instances: this.current.length, retryInMs },
          `${reason}; the last known instances stay in force`,
        );
      }
      this.#saidReason = reason;
      return retryInMs;
    }
    if (signal.aborted) return 0;
    if (this.#saidReason !== undefined) log.info('the registry answers again');
    this.#failures = 0;
    this.#saidReason = undefined;
    this.#take(inOrder(read.instances));
    return read.againInMs;
  }

  /**
   * A registry that restarts answers with an empty list until its services have registered again. That looks like the end of
   * them all, and is believed only when it lasts.
   */
  #take(instances: readonly Instance[]): void {
    if (instances.length === 0 && this.current.length > 0) {
      if (this.#emptyTimer !== undefined) return;
      const { emptyAfterMs, log } = this.#options;
      log.warn(
        { emptyAfterMs },
        'the registry knows no instance any more; the last known ones stay in force for a while',
      );
      this.#emptyTimer = setTimeout(() => {
        this.#emptyTimer = undefined;
        this.#putInForce([]);
      }, emptyAfterMs);
      this.#emptyTimer.unref();
      return;
    }
    clearTimeout(this.#emptyTimer);
    this.#emptyTimer = undefined;
    if (!isDeepStrictEqual(instances, this.current)) this.#putInForce(instances);
  }

  #putInForce(instances: readonly Instance[]): void {
    const before = new Set(this.current.map(({ url }) => url));
    const after = new Set(instances.map(({ url }) => url));
    const { log, keep } = this.#options;
    log.info(
      {
        instances: instances.length,
        added: [...after].filter((url) => !before.has(url)).length,
        removed: [...before].filter((url) => !after.has(url)).length,
      },
      'instances changed',
    );
    this.#tell(instances);
    this.#keeping = this.#keeping
      .then(() => keep(instances))
      .catch((error: unknown) => log.warn({ err: error }, 'the list of instances could not be kept on disk'));
  }

  #tell(instances: readonly Instance[]): void {
    this.current = instances;
    for (const listener of this.listeners) listener(instances);
  }
}

function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, pauseMs);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
