import { readFile } from 'node:fs/promises';
import { GatewayError } from '../errors.ts';
import { fileProblem } from './fileProblem.ts';
import { type Followed, follow } from './follow.ts';
import { LastGood } from './lastGood.ts';
import { supergraphFromSdl } from './supergraph.ts';
import type { SupergraphSource, SupergraphSourceOptions, WaitingFor } from './supergraphSource.ts';
import { FileWatcher } from './watchFiles.ts';

export interface ComposedSupergraphOptions extends SupergraphSourceOptions {
  /** Absolute path of a composed supergraph SDL. */
  readonly file: string;
}

/** An already composed supergraph in a file (`--supergraph FILE`), followed: a new content is put in force, a wrong one refused. */
export class ComposedSupergraph implements SupergraphSource {
  readonly #options: ComposedSupergraphOptions;
  readonly #lastGood: LastGood;
  readonly #watcher = new FileWatcher();
  #followed: Followed | undefined;
  #served: string | undefined;
  #refused: { readonly hash: string; readonly error: unknown } | undefined;
  #saidReason: string | undefined;

  constructor(options: ComposedSupergraphOptions) {
    this.#options = options;
    this.#lastGood = new LastGood(options.cacheFolder, options.file);
  }

  async start(): Promise<void> {
    const { file, log, pollIntervalMs, accept } = this.#options;
    try {
      await this.#serve(await this.#read());
    } catch (error) {
      const lastGood = await this.#lastGood.read();
      if (lastGood === undefined) throw error;
      // when that is refused too, as by permissions that cannot be used, what failed first is the news
      await accept(supergraphFromSdl(lastGood.supergraphSdl)).catch(() => Promise.reject(error));
      log.error(`${messageOf(error)}\nthe last good supergraph is served instead`);
    }
    this.#followed = follow<string>({
      read: async () => {
        const sdl = await this.#read();
        await this.#serve(sdl);
        return sdl;
      },
      intervalMs: pollIntervalMs,
      isSame: (a, b) => a === b,
      onValue: () => {},
      onFailure: (error) => this.#refuseOnce(error),
    });
    this.#watcher.watch(new Map([[file, () => this.#followed?.poke()]]));
  }

  #refuseOnce(error: unknown): void {
    const reason = messageOf(error);
    if (reason === this.#saidReason) return;
    this.#saidReason = reason;
    this.#options.log.error(`${reason}\nthe supergraph before it stays in force`);
  }

  waitingFor(): readonly WaitingFor[] {
    return [];
  }

  async stop(): Promise<void> {
    await Promise.all([this.#watcher.close(), this.#followed?.stop()]);
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.#options.file, 'utf8');
    } catch (cause) {
      throw new GatewayError('SUPERGRAPH_INVALID', {
        message: fileProblem(this.#options.file, cause),
        cause,
      });
    }
  }

  async #serve(sdl: string): Promise<void> {
    const supergraph = supergraphFromSdl(sdl);
    if (supergraph.hash === this.#served) return;
    // what was refused is not built again until it changes
    if (supergraph.hash === this.#refused?.hash) throw this.#refused.error;
    try {
      await this.#options.accept(supergraph);
    } catch (error) {
      this.#refused = { hash: supergraph.hash, error };
      throw error;
    }
    this.#served = supergraph.hash;
    this.#saidReason = undefined;
    try {
      await this.#lastGood.write({ supergraphSdl: sdl, subgraphs: [] });
    } catch (error) {
      this.#options.log.warn({ err: error }, `could not write to ${this.#options.cacheFolder}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
