import type { SchemaSource } from './config/readSupergraphConfig.ts';
import type { FollowInstances } from './discoveries.ts';

/** Reads the SDL of one subgraph from where `supergraph.yaml` says that it is. */
export interface SdlSource {
  /** @throws GatewayError SUBGRAPH_SCHEMA_UNAVAILABLE with a sentence that names the subgraph and the reason */
  read(signal: AbortSignal): Promise<string>;
  /** How often to read again when nothing tells of changes. */
  readonly polled: boolean;
  /** Absolute path of the file to watch, if it is one. */
  readonly file: string | undefined;
}

export interface SdlSourceOptions {
  readonly subgraph: string;
  /** A read is given up after this time. */
  readonly timeoutMs: number;
  /** A larger SDL is refused. */
  readonly maxBytes: number;
  /** Holds the instances that a `subgraph_url` such as `consul://reviews` names, for one read. */
  readonly follow: FollowInstances;
}

/** How a member of the family makes a source of its kind. */
export type MakeSdlSource<Kind extends SchemaSource['kind']> = (
  schema: Extract<SchemaSource, { kind: Kind }>,
  options: SdlSourceOptions,
) => SdlSource;
