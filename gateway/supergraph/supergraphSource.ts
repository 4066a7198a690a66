import type { Logger } from 'pino';
import type { Supergraph } from './supergraph.ts';

/** Where supergraphs come from: a `supergraph.yaml`, or an already composed file. */
export interface SupergraphSource {
  /**
   * Starts following. Resolves when the first supergraph is in force, or when it is known what is waited for; the source
   * goes on by itself afterwards.
   * @throws GatewayError when nothing can be served and waiting would not help: SUPERGRAPH_CONFIG_INVALID,
   *   COMPOSITION_FAILED, SUPERGRAPH_INVALID
   */
  start(): Promise<void>;
  /** What keeps the next supergraph from being composed; empty when nothing does. */
  waitingFor(): readonly WaitingFor[];
  stop(): Promise<void>;
}

export interface WaitingFor {
  readonly subgraph: string;
  readonly reason: string;
}

/**
 * Puts a supergraph in force.
 * @throws GatewayError SUPERGRAPH_INVALID when no engine can be built of it; the one before stays in force
 */
export type AcceptSupergraph = (supergraph: Supergraph) => Promise<void>;

export interface SupergraphSourceOptions {
  readonly accept: AcceptSupergraph;
  readonly log: Logger;
  /** Folder for composed and last good supergraphs. */
  readonly cacheFolder: string;
  readonly pollIntervalMs: number;
  readonly pollTimeoutMs: number;
  readonly maxSchemaBytes: number;
  readonly compositionTimeoutMs: number;
  /** Whether hints of composition are logged. */
  readonly showHints: boolean;
}
