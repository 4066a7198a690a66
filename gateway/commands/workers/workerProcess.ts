import cluster from 'node:cluster';
import { setTimeout as pause } from 'node:timers/promises';
import type { PreparedSwap } from '../../gateway.ts';
import type { Readiness } from '../../http/health.ts';
import { createLog } from '../../telemetry/log.ts';
import { endOnFault } from '../endOnFault.ts';
import { type GatewayServer, gatewayServer } from '../gatewayServer.ts';
import { once } from '../serving.ts';
import { discoveriesOf } from '../supergraphSourceOf.ts';
import { sentErrorOf } from './sentError.ts';
import type { WorkerOrder, WorkerReport } from './workerMessages.ts';

/**
 * A worker: the request flow in a process of its own, which is told its settings and supergraphs. It ends when it is told, by
 * SIGTERM, and when the process that keeps it has gone; each time it answers first what is in flight.
 */

type Start = WorkerOrder & { kind: 'start' };

const prepared = new Map<number, Promise<PreparedSwap>>();
const asked = new Map<number, (readiness: Readiness) => void>();
let nextQuestion = 0;
let server: Promise<GatewayServer> | undefined;

function tell(report: WorkerReport): void {
  if (process.connected) process.send?.(report);
}

/** Asks the process that keeps the workers; with itself gone, this one drains. */
function readiness(isReady: boolean): Promise<Readiness> {
  const id = nextQuestion++;
  return new Promise((resolve) => {
    if (!process.connected) return resolve({ isReady: false, waitingFor: [] });
    asked.set(id, (known) => resolve({ ...known, isReady }));
    tell({ kind: 'readiness', id });
  });
}

async function start({ number, settings, cwd, colorize, supergraph }: Start): Promise<GatewayServer> {
  const log = createLog({ ...settings.log, colorize }).child({ worker: number });
  endOnFault(log);
  const started = await gatewayServer({
    settings,
    cwd,
    log,
    discoveries: discoveriesOf({ settings, cwd, log }),
    readiness: ({ engine }) => readiness(engine !== undefined),
  });
  if (supergraph !== undefined) await started.gateway.swap(supergraph);
  const url = await started.listen();
  tell({ kind: 'listening', url, supergraphHash: supergraph?.hash });
  return started;
}

/**
 * The process that keeps the workers may have handed a connection to this one before it knew that this one accepts no more. Two
 * rounds over the same channel: with the first, all that was on its way has come, and was handed back; with the second, that has
 * arrived.
 */
async function untilNoneIsOnItsWay(): Promise<void> {
  const rounds = readiness(false).then(() => readiness(false));
  await Promise.race([rounds, pause(1000, undefined, { ref: false })]);
}

const stop = once(async () => {
  await (await server?.catch(() => undefined))?.stop();
  await untilNoneIsOnItsWay();
  // The log's reader may have gone; `stop` has flushed what there was (see `runUntilSignal.ts`).
  process.removeAllListeners('exit');
  process.exit(0);
});

async function obey(order: WorkerOrder): Promise<void> {
  switch (order.kind) {
    case 'start':
      server = start(order);
      await server.catch((error: unknown) => {
        process.send?.({ kind: 'failed', error: sentErrorOf(error) } satisfies WorkerReport, () =>
          process.exit(1),
        );
      });
      return;
    case 'prepare':
    case 'prepareSettings': {
      const started = server ?? Promise.reject(new Error('The worker has not started.'));
      const swap = started.then((running) =>
        order.kind === 'prepare'
          ? running.gateway.prepare(order.supergraph)
          : running.prepareReload(order.settings),
      );
      prepared.set(order.id, swap);
      await swap.then(
        () => tell({ kind: 'prepared', id: order.id }),
        (error: unknown) => {
          prepared.delete(order.id);
          tell({ kind: 'refused', id: order.id, error: sentErrorOf(error) });
        },
      );
      return;
    }
    case 'commit':
    case 'discard': {
      const swap = await prepared.get(order.id);
      prepared.delete(order.id);
      if (order.kind === 'commit') swap?.commit();
      else await swap?.discard();
      return;
    }
    case 'readiness':
      asked.get(order.id)?.(order.readiness);
      asked.delete(order.id);
      return;
    case 'stop':
      await stop();
      return;
    default:
      order satisfies never;
  }
}

process.on('message', (order: WorkerOrder) => void obey(order));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
// Node.js would end a worker at once when its keeper has gone, in the middle of its answers.
if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
process.on('disconnect', () => void stop());
tell({ kind: 'hears' });
