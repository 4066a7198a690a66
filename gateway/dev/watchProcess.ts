import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { watch } from 'chokidar';

export interface ProcessWatch {
  close(): Promise<void>;
}

export interface ProcessWatchOptions {
  readonly paths: readonly string[];
  readonly debounceMs: number;
  /** Called once for changes that follow each other closely, with all of the files. */
  readonly changed: (files: readonly string[]) => void;
}

/**
 * What a running process writes, or a build: a change there is no change of its sources. Nor are configuration and prompts,
 * which a subgraph takes up while it runs.
 */
const ignoredNames =
  /^(?:node_modules|dist|coverage|\.git|\.tributary|models\.yaml|prompts)$|\.(?:sqlite|db)(?:-\w+)?$|\.log$|~$|\.sw[a-z]$/;

/** Watches files and folders for changes; resolves when none can be missed any more. */
export async function watchPaths({ paths, debounceMs, changed }: ProcessWatchOptions): Promise<ProcessWatch> {
  if (paths.length === 0) return { close: () => Promise.resolve() };
  const roots = paths.map((path) => resolve(path));
  // Names count below a watched folder only: the project itself may live in a folder called `dist`.
  const isIgnored = (path: string): boolean => {
    const root = roots.find((candidate) => path === candidate || path.startsWith(candidate + sep));
    return (
      root !== undefined &&
      relative(root, path)
        .split(sep)
        .some((name) => ignoredNames.test(name))
    );
  };
  const watcher = watch(roots, { ignored: isIgnored, ignoreInitial: true });
  let timer: NodeJS.Timeout | undefined;
  const files = new Set<string>();
  const added = new Set<string>();
  const tell = (): void => {
    // editors write beside a file and rename: what came, and has gone at once, was none of the sources
    const lasting = [...files].filter((file) => !added.has(file) || existsSync(file));
    for (const file of lasting) added.delete(file);
    files.clear();
    if (lasting.length > 0) changed(lasting);
  };
  watcher.on('all', (event, file) => {
    if (event === 'addDir') return;
    if (event === 'unlink' && !files.has(file) && added.delete(file)) return;
    if (event === 'add' && !files.has(file)) added.add(file);
    files.add(file);
    clearTimeout(timer);
    timer = setTimeout(tell, debounceMs);
  });
  // A folder that cannot be watched costs the restarts, not the run.
  watcher.on('error', () => undefined);
  await new Promise<void>((ready) => watcher.once('ready', ready));
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
