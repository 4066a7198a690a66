import path from 'node:path';
import type { CompositionInput } from './composition.ts';
import { DiskStore } from './diskStore.ts';
import { sha256 } from './supergraph.ts';

/** What was served last: the whole supergraph, and the subgraph schemas that it was composed from. */
export interface LastGoodRecord {
  readonly supergraphSdl: string;
  /** Empty where an already composed supergraph is served. */
  readonly subgraphs: readonly CompositionInput[];
}

/** The last supergraph that an engine accepted, kept on disk for the next start: one record a configuration file. */
export class LastGood {
  readonly #store: DiskStore;
  readonly #key: string;

  /** @param source absolute path of the `supergraph.yaml` or the composed file */
  constructor(folder: string, source: string) {
    this.#store = new DiskStore(path.join(folder, 'last-good'), 8);
    this.#key = sha256(source);
  }

  async read(): Promise<LastGoodRecord | undefined> {
    return (await this.#store.read(this.#key)) as LastGoodRecord | undefined;
  }

  async write(record: LastGoodRecord): Promise<void> {
    await this.#store.write(this.#key, record);
  }
}
