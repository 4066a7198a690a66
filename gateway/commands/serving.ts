import type { Logger } from 'pino';
import type { Settings } from '../settingsSchema.ts';
import type { SupergraphSource } from '../supergraph/supergraphSource.ts';
import { createLog } from '../telemetry/log.ts';

export interface ServeOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Reads the settings again, as they were read at the start; without it they stay as they are.
   * @throws GatewayError SETTINGS_INVALID
   */
  readonly readSettings?: () => Settings;
  /** Default: the log that the settings ask for, on standard error. */
  readonly log?: Logger;
}

/** A gateway that serves, until `stop` has resolved. */
export interface RunningGateway {
  /** `http://127.0.0.1:4000` */
  readonly url: string;
  readonly log: Logger;
  /** Stops accepting, answers what is in flight, and closes all. Later calls wait for the first. */
  stop(): Promise<void>;
  /** Reads the settings again and puts them in force. What is wrong with them is logged, and those before stay. */
  reload(): Promise<void>;
}

/** The log that was given, or the one that the settings ask for. */
export function logOf({ settings, env, log }: ServeOptions): Logger {
  return (
    log ??
    createLog({
      ...settings.log,
      colorize: env.NO_COLOR === undefined && process.stderr.isTTY === true,
    })
  );
}

export interface ServingNote {
  readonly log: Logger;
  readonly url: string;
  readonly settings: Settings;
  readonly isReady: boolean;
  readonly source: SupergraphSource;
}

/** Says where the graph is served, or what is waited for. */
export function sayServing({ log, url, settings, isReady, source }: ServingNote): void {
  log.info(`GraphQL at ${url}${settings.listen.path}`);
  if (isReady) return;
  const waiting = source.waitingFor().map(({ subgraph }) => subgraph);
  log.warn(`answering 503 while waiting for the schema of ${waiting.join(', ')}`);
}

/** Does it once, however often it is asked for. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let doing: Promise<void> | undefined;
  return () => {
    doing ??= work();
    return doing;
  };
}
