import path from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Tells of changed files. It only hastens the next read: what is followed is read at intervals too. */
export class FileWatcher {
  readonly #watcher: FSWatcher;
  readonly #onChange = new Map<string, () => void>();

  constructor() {
    // A file is told of when its size has stood still, so that half-written ones are not read.
    this.#watcher = watch([], {
      ignoreInitial: true,
      awaitWriteFinish: { stabilityThreshold: 50, pollInterval: 10 },
    });
    this.#watcher.on('all', (_event, file) => this.#onChange.get(path.resolve(file))?.());
    // Too many watches, or a folder that may not be read: the interval still finds the change.
    this.#watcher.on('error', () => {});
  }

  /** Replaces what is watched. Files need not exist yet. */
  watch(files: ReadonlyMap<string, () => void>): void {
    const gone = [...this.#onChange.keys()].filter((file) => !files.has(file));
    const added = [...files.keys()].filter((file) => !this.#onChange.has(file));
    this.#onChange.clear();
    for (const [file, onChange] of files) this.#onChange.set(file, onChange);
    this.#watcher.unwatch(gone);
    this.#watcher.add(added);
  }

  async close(): Promise<void> {
    await this.#watcher.close();
  }
}
