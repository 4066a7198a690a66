import type { DiscoverySettings } from './discoverySettings.ts';
import type { Instance } from './instance.ts';

/** One way to find the instances of a subgraph: the scheme of its `routing_url`, such as `consul://reviews`. */
export interface DiscoveryBackend {
  /** Without its colon: `consul`. */
  readonly scheme: string;
  /** A `routing_url` of the scheme, for messages. */
  readonly example: string;
  /** @returns a sentence about what is wrong with the URL, or `undefined` */
  findProblem(url: string): string | undefined;
  /** Connects nowhere yet. */
  open(target: DiscoveryTarget): InstanceReader;
}

export interface DiscoveryTarget {
  /** As written in `supergraph.yaml`; `findProblem` found none. */
  readonly url: string;
  /** Over what instances are called where the registry does not say. */
  readonly scheme: 'http' | 'https';
  /** Path of the GraphQL endpoint, where neither the URL nor the registry says. */
  readonly path: string;
  readonly settings: DiscoverySettings;
}

/** Follows one name at one registry. One read at a time. */
export interface InstanceReader {
  /**
   * Gives the instances that there are now. The first read answers as soon as it can; later ones may wait until the list may
   * have changed. After a failure the next read starts anew.
   *
   * @param signal aborted when nobody follows any more
   * @throws Error with the reason in words, for the log: the registry is away, or says nothing that can be read
   */
  read(signal: AbortSignal): Promise<InstanceRead>;
  close(): Promise<void>;
}

export interface InstanceRead {
  readonly instances: readonly Instance[];
  /** Time before the next read; 0 where the registry lets the read wait. */
  readonly againInMs: number;
}
