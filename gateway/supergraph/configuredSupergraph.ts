import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../errors.ts';
import { compose } from './compose.ts';
import { type CompositionInput, type CompositionProblem, formatProblem } from './composition.ts';
import { bundledCompositionVersion, CompositionCache } from './compositionCache.ts';
import { checkFederationVersion } from './config/federationVersion.ts';
import { type ReadConfig, readSupergraphConfig, type SubgraphConfig } from './config/readSupergraphConfig.ts';
import type { FollowInstances } from './discoveries.ts';
import { fileProblem } from './fileProblem.ts';
import { type Followed, follow } from './follow.ts';
import { LastGood } from './lastGood.ts';
import { sdlSourceFor } from './sdlSources.ts';
import { supergraphFromSdl } from './supergraph.ts';
import type { SupergraphSource, SupergraphSourceOptions, WaitingFor } from './supergraphSource.ts';
import { FileWatcher } from './watchFiles.ts';

export interface ConfiguredSupergraphOptions extends SupergraphSourceOptions {
  /** Absolute path of `supergraph.yaml`. */
  readonly configPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Holds the instances that a `subgraph_url` such as `consul://reviews` names. */
  readonly follow: FollowInstances;
}

/** What is known of one subgraph's schema. `failing` keeps the SDL read before, or by the process before this one. */
type SchemaState =
  | { readonly phase: 'reading' }
  | { readonly phase: 'known'; readonly sdl: string }
  | { readonly phase: 'failing'; readonly reason: string; readonly lastSdl: string | undefined };

interface FollowedSubgraph {
  readonly config: SubgraphConfig;
  readonly followed: Followed;
  readonly file: string | undefined;
  state: SchemaState;
}

/**
 * The configuration flow: `supergraph.yaml` → SDL of every subgraph → composition → supergraph, again whenever one of
 * them changes. What cannot be read or composed is logged and refused, and the supergraph before it stays in force; at a
 * start it is the one that the process before left on disk.
 */
export class ConfiguredSupergraph implements SupergraphSource {
  readonly #options: ConfiguredSupergraphOptions;
  readonly #compositions: CompositionCache;
  readonly #lastGood: LastGood;
  readonly #watcher = new FileWatcher();
  readonly #ending = new AbortController();
  readonly #subgraphs = new Map<string, FollowedSubgraph>();
  #config: ReadConfig | undefined;
  #followedConfig: Followed | undefined;
  /** Hash of the supergraph in force. */
  #served: string | undefined;
  #composing: Promise<void> = Promise.resolve();
  #isComposePlanned = false;
  #isStarted = false;
  #saidNotice: string | undefined;
  #saidRefusal: string | undefined;
  #saidConfigProblem: string | undefined;

  constructor(options: ConfiguredSupergraphOptions) {
    this.#options = options;
    this.#compositions = new CompositionCache(options.cacheFolder);
    this.#lastGood = new LastGood(options.cacheFolder, options.configPath);
  }

  async start(): Promise<void> {
    // The first read is outside the follower: a file that is wrong at the start ends the command.
    this.#adopt(await this.#readConfig());
    this.#followedConfig = follow<ReadConfig>({
      read: async () => {
        const config = await this.#readConfig();
        this.#saidConfigProblem = undefined;
        return config;
      },
      intervalMs: this.#options.pollIntervalMs,
      isSame: isDeepStrictEqual,
      onValue: (config) => this.#adopt(config),
      onFailure: (error) => {
        if (this.#saidConfigProblem === messageOf(error)) return;
        this.#saidConfigProblem = messageOf(error);
        this.#refuse(
          `${this.#options.configPath} is refused; what was read of it before stays in force`,
          error,
        );
      },
    });
    await Promise.all(
      [this.#followedConfig, ...Array.from(this.#subgraphs.values(), ({ followed }) => followed)].map(
        ({ firstRead }) => firstRead,
      ),
    );
    const lastGood = await this.#lastGood.read();
    for (const subgraph of this.#subgraphs.values()) {
      const { state, config } = subgraph;
      if (state.phase !== 'failing') continue;
      const known = lastGood?.subgraphs.find(
        ({ name, url }) => name === config.name && url === config.routingUrl,
      );
      subgraph.state = { ...state, lastSdl: known?.sdl };
    }
    const failure = await this.#composeAndServe().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (this.#served === undefined && lastGood !== undefined) {
      await this.#serveLastGood(lastGood.supergraphSdl, failure);
    } else if (failure !== undefined) {
      throw failure;
    }
    const hasChanged = this.#isComposePlanned;
    this.#isComposePlanned = false;
    this.#isStarted = true;
    if (hasChanged) this.#planCompose();
  }

  waitingFor(): readonly WaitingFor[] {
    return Array.from(this.#subgraphs.values()).flatMap(({ config, state }) => {
      if (state.phase === 'known') return [];
      if (state.phase === 'reading') return [{ subgraph: config.name, reason: 'its schema is being read' }];
      return state.lastSdl === undefined ? [{ subgraph: config.name, reason: state.reason }] : [];
    });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([
      this.#watcher.close(),
      this.#followedConfig?.stop(),
      ...Array.from(this.#subgraphs.values(), ({ followed }) => followed.stop()),
    ]);
    await this.#composing;
  }

  async #readConfig(): Promise<ReadConfig> {
    const { configPath, env } = this.#options;
    let text: string;
    try {
      text = await readFile(configPath, 'utf8');
    } catch (cause) {
      throw new GatewayError('SUPERGRAPH_CONFIG_INVALID', { message: fileProblem(configPath, cause), cause });
    }
    return readSupergraphConfig(text, { path: configPath, env, bundledVersion: bundledCompositionVersion });
  }

  /** Follows the subgraphs of a configuration, keeping what is known of those that stay as they are. */
  #adopt(read: ReadConfig): void {
    if (isDeepStrictEqual(this.#config, read)) return;
    this.#config = read;
    const { notice } = read.config.federationVersion;
    if (notice !== undefined && notice !== this.#saidNotice) this.#options.log.info(notice);
    this.#saidNotice = notice;

    const wanted = new Map(read.config.subgraphs.map((subgraph) => [subgraph.name, subgraph]));
    for (const [name, { config, followed }] of this.#subgraphs) {
      if (isDeepStrictEqual(config, wanted.get(name))) continue;
      this.#subgraphs.delete(name);
      void followed.stop();
    }
    for (const config of read.config.subgraphs) {
      if (!this.#subgraphs.has(config.name)) this.#subgraphs.set(config.name, this.#followSubgraph(config));
    }
    this.#watchFiles();
    this.#planCompose();
  }

  #followSubgraph(config: SubgraphConfig): FollowedSubgraph {
    const source = sdlSourceFor(config.schema, {
      subgraph: config.name,
      timeoutMs: this.#options.pollTimeoutMs,
      maxBytes: this.#options.maxSchemaBytes,
      follow: this.#options.follow,
    });
    const followed = follow<string>({
      read: (signal) => source.read(signal),
      intervalMs: source.polled ? this.#options.pollIntervalMs : 0,
      isSame: (a, b) => a === b,
      onValue: (sdl) => {
        const before = subgraph.state;
        subgraph.state = { phase: 'known', sdl };
        if (before.phase === 'failing')
          this.#options.log.info({ subgraph: config.name }, 'subgraph schema read');
        if (!(before.phase === 'failing' && before.lastSdl === sdl)) this.#planCompose();
      },
      onFailure: (error, retryInMs) => {
        const reason = messageOf(error);
        const { state } = subgraph;
        const lastSdl =
          state.phase === 'known' ? state.sdl : state.phase === 'failing' ? state.lastSdl : undefined;
        // said once for each reason, not at every try
        if (state.phase !== 'failing' || state.reason !== reason) {
          this.#options.log.warn({ subgraph: config.name, retryInMs }, reason);
        }
        subgraph.state = { phase: 'failing', reason, lastSdl };
      },
    });
    const subgraph: FollowedSubgraph = { config, followed, file: source.file, state: { phase: 'reading' } };
    return subgraph;
  }

  #watchFiles(): void {
    const files = new Map<string, () => void>();
    for (const { file, followed } of this.#subgraphs.values()) {
      if (file !== undefined) files.set(file, () => followed.poke());
    }
    for (const file of [this.#options.configPath, ...(this.#config?.dependsOn ?? [])]) {
      files.set(file, () => this.#followedConfig?.poke());
    }
    this.#watcher.watch(files);
  }

  /** One composition at a time; changes that come while one runs are taken together by the next. */
  #planCompose(): void {
    if (!this.#isStarted || this.#ending.signal.aborted) {
      this.#isComposePlanned = true;
      return;
    }
    if (this.#isComposePlanned) return;
    this.#isComposePlanned = true;
    this.#composing = this.#composing.then(async () => {
      this.#isComposePlanned = false;
      try {
        await this.#composeAndServe();
      } catch (error) {
        if (!this.#ending.signal.aborted) {
          this.#refuse('the change is refused; the supergraph before it stays in force', error);
        }
      }
    });
  }

  /**
   * Does nothing while a schema is missing.
   * @throws GatewayError COMPOSITION_FAILED, SUPERGRAPH_CONFIG_INVALID or SUPERGRAPH_INVALID
   */
  async #composeAndServe(): Promise<void> {
    this.#isComposePlanned = false;
    const inputs = this.#inputs();
    if (inputs === undefined || this.#config === undefined) return;
    checkFederationVersion(
      this.#config.config.federationVersion,
      Object.fromEntries(inputs.map(({ name, sdl }) => [name, sdl])),
    );
    const supergraph = supergraphFromSdl(await this.#compose(inputs));
    if (supergraph.hash !== this.#served) {
      await this.#options.accept(supergraph);
      this.#served = supergraph.hash;
    }
    this.#saidRefusal = undefined;
    await this.#keep(() => this.#lastGood.write({ supergraphSdl: supergraph.sdl, subgraphs: inputs }));
  }

  /** @returns `undefined` while the schema of a subgraph is not known */
  #inputs(): readonly CompositionInput[] | undefined {
    const inputs: CompositionInput[] = [];
    for (const { name, routingUrl } of this.#config?.config.subgraphs ?? []) {
      const state = this.#subgraphs.get(name)?.state;
      const sdl =
        state?.phase === 'known' ? state.sdl : state?.phase === 'failing' ? state.lastSdl : undefined;
      if (sdl === undefined) return undefined;
      inputs.push({ name, url: routingUrl, sdl });
    }
    return inputs;
  }

  async #compose(inputs: readonly CompositionInput[]): Promise<string> {
    const { log, compositionTimeoutMs, showHints } = this.#options;
    const cached = await this.#compositions.read(inputs);
    const startedAt = performance.now();
    const result =
      cached ?? (await compose(inputs, { timeoutMs: compositionTimeoutMs, signal: this.#ending.signal }));
    if (result.kind === 'failed') throw compositionFailed(result.errors);
    log.info(
      {
        subgraphs: inputs.length,
        composed: cached === undefined,
        ms: Math.round(performance.now() - startedAt),
      },
      cached === undefined ? 'supergraph composed' : 'supergraph taken from the composition cache',
    );
    if (cached === undefined) await this.#keep(() => this.#compositions.write(inputs, result));
    if (showHints) {
      for (const hint of result.hints) log.info({ hint: hint.code }, formatProblem(hint));
    } else if (result.hints.length > 0 && cached === undefined) {
      const hints = result.hints.length === 1 ? 'one hint' : `${result.hints.length} hints`;
      log.info(`composition gave ${hints}; \`tributary compose --hints\` shows what`);
    }
    return result.supergraphSdl;
  }

  async #serveLastGood(sdl: string, failure: unknown): Promise<void> {
    const waiting = this.waitingFor().map(({ subgraph }) => subgraph);
    const supergraph = supergraphFromSdl(sdl);
    try {
      await this.#options.accept(supergraph);
      this.#served = supergraph.hash;
    } catch (error) {
      // kept by another version, perhaps: then there is nothing to serve, and what failed first is the news
      if (failure !== undefined) throw failure;
      this.#refuse('the last good supergraph cannot be served by this version', error);
      return;
    }
    // said when it is true: what refused the new one, permissions for example, may refuse this one too
    if (failure !== undefined) this.#refuse('the last good supergraph is served instead', failure);
    else
      this.#options.log.warn(
        { waiting },
        `the last good supergraph is served while waiting for ${waiting.join(', ')}`,
      );
  }

  /** A record that cannot be kept costs a composition at the next start, nothing now. */
  async #keep(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#options.log.warn(
        { err: error },
        `could not write to ${this.#options.cacheFolder}; the next start composes anew and has no last good supergraph`,
      );
    }
  }

  #refuse(consequence: string, error: unknown): void {
    const code = error instanceof GatewayError ? error.code : 'INTERNAL_SERVER_ERROR';
    const message = `${messageOf(error)}\n${consequence}`;
    // a file that stays wrong is read again and again, and said once
    if (message === this.#saidRefusal) return;
    this.#saidRefusal = message;
    this.#options.log.error({ code }, message);
  }
}

/** All errors of a composition as one, each with its subgraph, line and column. */
export function compositionFailed(errors: readonly CompositionProblem[]): GatewayError {
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`;
  return new GatewayError('COMPOSITION_FAILED', {
    message: `The subgraph schemas do not compose (${count}):\n${errors.map(formatProblem).join('\n')}`,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
