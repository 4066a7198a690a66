import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { BuildEngine, Engine } from './engine.ts';
import { type WarmUpOptions, warmUp } from './engines/warmUp.ts';
import { outcomeOf } from './errors.ts';
import type { Supergraph } from './supergraph/supergraph.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { timed } from './telemetry/timed.ts';

/** A request's hold on an engine: the engine is not closed before `release`. */
export interface EngineLease {
  readonly engine: Engine;
  release(): void;
}

export interface GatewayOptions {
  readonly telemetry?: Telemetry;
  /** How the engine of a new supergraph is prepared for what is asked most; by default it is not. */
  readonly warmUp?: WarmUpOptions;
}

/** An engine that is built and warm, and not in force yet: one of both is called, once. */
export interface PreparedSwap {
  /** Puts it in force. */
  commit(): void;
  /** Closes it; the engine before stays in force. */
  discard(): Promise<void>;
}

interface HeldEngine {
  readonly engine: Engine;
  /** Requests that are executing on it. */
  leases: number;
  isRetired: boolean;
}

/**
 * Holds the engine in force and swaps it. A request that was validated against one engine is executed by that engine,
 * however many swaps happen meanwhile; a replaced engine is closed when its last request has ended.
 */
export class Gateway {
  readonly #build: BuildEngine;
  readonly #log: Logger;
  readonly #telemetry: Telemetry;
  readonly #warmUp: WarmUpOptions;
  readonly #bySchema = new WeakMap<GraphQLSchema, HeldEngine>();
  readonly #listeners = new Set<(engine: Engine) => void>();
  readonly #closing = new Set<Promise<void>>();
  #current: HeldEngine | undefined;
  #isStopped = false;

  constructor(build: BuildEngine, log: Logger, options: GatewayOptions = {}) {
    this.#build = build;
    this.#log = log;
    this.#telemetry = options.telemetry ?? new Telemetry();
    this.#warmUp = options.warmUp ?? { operations: 0, timeoutMs: 0 };
  }

  /** The engine in force; `undefined` before the first. */
  get engine(): Engine | undefined {
    return this.#current?.engine;
  }

  /**
   * Builds the engine of a supergraph and puts it in force.
   * @throws GatewayError SUPERGRAPH_INVALID; the engine before stays in force
   */
  async swap(supergraph: Supergraph): Promise<void> {
    (await this.prepare(supergraph)).commit();
  }

  /**
   * Builds the engine of a supergraph and warms it up, while the one before serves.
   * @throws GatewayError SUPERGRAPH_INVALID
   */
  async prepare(supergraph: Supergraph): Promise<PreparedSwap> {
    const startedAt = performance.now();
    const building = this.#buildWarm(supergraph);
    const engine = await timed(building, (seconds, error) =>
      this.#telemetry.record('swapDuration', seconds, { outcome: outcomeOf(error, 'in_force') }),
    );
    return {
      commit: () => {
        const before = this.#current;
        if (this.#isStopped) {
          // nobody asks for it any more
          this.#close({ engine });
          return;
        }
        this.#putInForce(engine);
        this.#log.info(
          { supergraph: supergraph.hash.slice(0, 12), ms: Math.round(performance.now() - startedAt) },
          before === undefined ? 'supergraph in force' : 'supergraph swapped',
        );
      },
      discard: () => engine.close(),
    };
  }

  async #buildWarm(supergraph: Supergraph): Promise<Engine> {
    const engine = await this.#build(supergraph);
    const before = this.#current?.engine;
    if (before === undefined) return engine;
    const report = await warmUp(engine, before, this.#warmUp);
    for (const [result, count] of Object.entries(report)) {
      if (count > 0) this.#telemetry.record('warmUps', count, { result });
    }
    this.#log.debug(report, 'engine warmed up');
    return engine;
  }

  #putInForce(engine: Engine): void {
    const before = this.#current;
    const held: HeldEngine = { engine, leases: 0, isRetired: false };
    this.#bySchema.set(engine.apiSchema, held);
    this.#current = held;
    for (const listener of this.#listeners) listener(engine);
    if (before !== undefined) this.#retire(before);
  }

  /** Calls back with the engine in force, if there is one, and with each that follows. Returns how to stop that. */
  onEngine(listener: (engine: Engine) => void): () => void {
    this.#listeners.add(listener);
    if (this.#current !== undefined) listener(this.#current.engine);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Holds the engine that made this API schema.
   * @param schema the schema that the operation was, or will be, validated against
   */
  lease(schema: GraphQLSchema): EngineLease {
    const held = this.#bySchema.get(schema);
    if (held === undefined) throw new Error('The schema is of no engine of this gateway.');
    held.leases += 1;
    let isReleased = false;
    return {
      engine: held.engine,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        held.leases -= 1;
        if (held.isRetired && held.leases === 0) this.#close(held);
      },
    };
  }

  /** Retires the engine in force, and waits for the engines that no request holds to be closed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const last = this.#current;
    this.#current = undefined;
    if (last !== undefined) this.#retire(last);
    await nextTurn();
    await Promise.all(this.#closing);
  }

  #retire(held: HeldEngine): void {
    // A request may have taken the schema in this very turn and not yet its lease: all of that is in microtasks.
    void nextTurn().then(() => {
      held.isRetired = true;
      if (held.leases === 0) this.#close(held);
    });
  }

  #close({ engine }: Pick<HeldEngine, 'engine'>): void {
    const closing = engine.close().catch((error: unknown) => {
      this.#log.error({ err: error }, 'closing a replaced engine failed');
    });
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }
}
