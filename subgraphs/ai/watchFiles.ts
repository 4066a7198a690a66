import { watch } from 'chokidar';

const settleMs = 100;

/** Calls `changed` once for changes of files and folders that follow each other closely; errors cost the watching only. */
export async function watchFiles(
  paths: readonly string[],
  changed: () => void,
): Promise<{ close(): Promise<void> }> {
  const watcher = watch([...paths], { ignoreInitial: true });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(changed, settleMs);
  });
  watcher.on('error', () => undefined);
  await new Promise<void>((ready) => watcher.once('ready', ready));
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
