import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { DiscoveredModels } from './availability.ts';
import type { Models } from './models.ts';
import { readModels } from './readModels.ts';

export interface LiveModelsOptions {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly availability: DiscoveredModels;
  readonly log: Logger;
}

/** The configuration in force: models.yaml as it last could be used. */
export class LiveModels {
  readonly #options: LiveModelsOptions;
  #current: Models;

  /** @throws ModelsError, or what reading throws: at the start there is nothing to go on with */
  constructor(options: LiveModelsOptions) {
    this.#options = options;
    this.#current = this.#read();
  }

  current(): Models {
    return this.#current;
  }

  /** Reads the file anew; one that cannot be used is refused in the log, and the last good one serves on. */
  async reload(): Promise<void> {
    const { log, availability } = this.#options;
    try {
      const read = this.#read();
      if (read.revision === this.#current.revision) return;
      this.#current = read;
    } catch (error) {
      const problems = (error as Error).message.split('\n');
      log.error({ problems }, 'models.yaml is refused; the one before serves on');
      return;
    }
    log.info({ revision: this.#current.revision }, 'models.yaml taken up');
    await availability.follow(this.#current.providers.values());
  }

  #read(): Models {
    const { file, environment } = this.#options;
    return readModels(readFileSync(file, 'utf8'), { file: path.basename(file), environment });
  }
}
