import { createRequire } from 'node:module';
import path from 'node:path';
import type { CompositionInput, CompositionResult } from './composition.ts';
import { DiskStore } from './diskStore.ts';
import { sha256 } from './supergraph.ts';

/** Version of `@apollo/composition` that composes here; supergraphs of another version are composed anew. */
export const bundledCompositionVersion: string = (
  createRequire(import.meta.url)('@apollo/composition/package.json') as { version: string }
).version;

type Composed = Extract<CompositionResult, { kind: 'composed' }>;

/** Composed supergraphs on disk, by the hash of what they were composed from. */
export class CompositionCache {
  readonly #store: DiskStore;

  constructor(folder: string) {
    this.#store = new DiskStore(path.join(folder, 'compositions'), 16);
  }

  async read(inputs: readonly CompositionInput[]): Promise<Composed | undefined> {
    return (await this.#store.read(keyOf(inputs))) as Composed | undefined;
  }

  async write(inputs: readonly CompositionInput[], result: Composed): Promise<void> {
    await this.#store.write(keyOf(inputs), result);
  }
}

/** The order of the inputs does not matter: the reader of `supergraph.yaml` sorts them. */
function keyOf(inputs: readonly CompositionInput[]): string {
  return sha256(
    JSON.stringify([bundledCompositionVersion, inputs.map(({ name, url, sdl }) => [name, url, sdl])]),
  );
}
