/**
 * Preloaded into a gateway under observation (`node --import bench/diagnostics.mjs … gateway/main.ts serve`): answers the
 * message `{ type: 'diagnose' }` of its parent with what the process holds after a full collection of garbage. The gateway itself
 * has nothing of the kind, and no port for it.
 */
import { readdirSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('message', (message) => {
  if (message?.type !== 'diagnose') return;
  collect();
  // finalizers that the first collection has found run between the two
  setImmediate(() => {
    collect();
    if (typeof message.heapSnapshot === 'string') writeHeapSnapshot(message.heapSnapshot);
    process.send?.({ type: 'diagnosis', ...diagnosis() });
  });
});
// the channel alone does not keep the process
process.channel?.unref();

function diagnosis() {
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  const { total_heap_size: heapTotal } = getHeapStatistics();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return { heapUsed, heapTotal, external, arrayBuffers, rss, resources, fds: openFiles() };
}

/** Source: proc(5), `/proc/self/fd`; elsewhere it is not known. */
function openFiles() {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
