/**
 * A program: `npm run soak -- [--seconds 600] [--seed 1] [--clients 16] [--main gateway/main.ts] [--engine compiled]`.
 *
 * A gateway as a process of its own, subgraphs that fail in every way of `test/faults/faults.ts`, and meanwhile what
 * `disturbances.ts` lists: supergraphs swapped and spoiled, settings changed and spoiled, subgraphs restarted, instances that
 * move. Clients leave, and some ask for mutations. Every answer is checked: it is right, or the documented error of its
 * fault. At the end it prints what was asked and what came, and how sockets, timers and memory went; it ends with 1 when
 * an answer was wrong, a mutation was sent twice, or something is left or grows.
 *
 * What is asked and what is done to the gateway follow from the seed; when things happen is up to the machine.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent } from 'undici';
import { type Diagnosis, diagnose, diagnosedArguments } from '../../bench/diagnose.ts';
import { loaderFor } from '../../bench/gateways.ts';
import {
  endAll,
  firstMessage,
  megabytesOfTree,
  processesOfTree,
  startProgram,
} from '../../bench/processes.ts';
import { hashOf, seededRandom } from '../differential/random.ts';
import { freePorts } from '../support/freePorts.ts';
import { disturbances } from './disturbances.ts';
import { followLog } from './gatewayLog.ts';
import { startSoakGraph } from './soakGraph.ts';
import { liveMegabytes, type Sample, soakReport, timersOf } from './soakReport.ts';
import { problemOf, type SoakAnswer, type SoakRequest, soakRequest } from './soakRequest.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    /** Random without it; printed either way. */
    seed: { type: 'string' },
    clients: { type: 'string', default: '16' },
    /** Default: what `npm run build` has built. */
    main: { type: 'string', default: path.resolve(import.meta.dirname, '../../dist/gateway/main.js') },
    engine: { type: 'string', default: 'compiled' },
    /** File for a snapshot of the gateway's heap at rest. */
    'heap-snapshot': { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
/** Connections that were in use when their subgraph went away may be noticed a moment later. */
const AFTERMATH_MS = 200;

const graph = await startSoakGraph(values.engine);
process.on('exit', () => {
  endAll();
  rmSync(graph.folder, { recursive: true, force: true });
});
const [port = 0] = await freePorts(1);
const gateway = startProgram({
  args: [
    ...diagnosedArguments,
    ...loaderFor(values.main),
    path.resolve(values.main),
    'serve',
    '--settings',
    graph.settingsFile,
    '--supergraph',
    graph.supergraphFile,
  ],
  env: {
    PORT: String(port),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
    TRIBUTARY_CACHE_DIR: path.join(graph.folder, 'cache'),
  },
});
const log = followLog(gateway);
await firstMessage(gateway);
const clients = new Agent();
print(`seed ${seed}: ${seconds} s, ${values.clients} clients, engine ${values.engine}`);

const outcomes = new Map<string, number>();
const disturbed = new Map<string, number>();
const samples: Sample[] = [];
const failures: string[] = [];
let asked = 0;
let left = 0;

// the plans of all operations, and a connection to each subgraph
for (let number = -30; number < 0; number += 1) {
  await ask({ ...soakRequest(seed, number), fault: undefined, leavesAfterMs: undefined });
}
const atStart = await diagnose(gateway);
const processesAtStart = processesOfTree(gateway.pid);
const startedAt = performance.now();
await Promise.all([
  ...Array.from({ length: Number(values.clients) }, askOnAndOn),
  ...disturbances.map(disturbOnAndOn),
  measureOnAndOn(),
]);
await clients.close();
const atRest = await diagnoseAtRest();
const processes = { atStart: processesAtStart, atRest: processesOfTree(gateway.pid) };
if (values['heap-snapshot'] !== undefined) await diagnose(gateway, path.resolve(values['heap-snapshot']));
await gateway.stop();
const { exitCode, signalCode } = gateway.child;
if (exitCode !== 0) failures.push(`the gateway ended with ${exitCode ?? signalCode}: ${gateway.output()}`);
for (const fault of log.faults) failures.push(`the log has: ${fault}`);
const { received, mutations } = graph;
const report = soakReport({
  ...{ seed, seconds, outcomes, left, received, disturbed, inForce: log, mutations },
  ...{ atStart, samples, atRest, processes, failures },
});
print(report.text);
await graph.close();
process.exitCode = report.failures.length === 0 ? 0 : 1;

function isOver(): boolean {
  return performance.now() - startedAt >= seconds * 1000 || gateway.child.exitCode !== null;
}

/** One client: its requests are as their numbers say. */
async function askOnAndOn(): Promise<void> {
  while (!isOver()) {
    asked += 1;
    const request = soakRequest(seed, asked);
    await pause(request.pauseMs);
    await ask(request);
  }
}

async function ask(request: SoakRequest): Promise<void> {
  const { number, id, kind, query, fault, leavesAfterMs, subgraph } = request;
  const fail = (problem: string): void => {
    failures.push(`request ${number} (${kind} of ${subgraph}, ${fault?.name ?? 'no fault'}): ${problem}`);
  };
  const fromMs = performance.now();
  try {
    const response = await clients.request({
      origin: `http://127.0.0.1:${port}`,
      path: '/graphql',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-id': id,
        ...(fault === undefined ? {} : { 'x-fault': fault.name }),
      },
      body: JSON.stringify({ query, ...(kind === 'mutation' ? { variables: { id } } : {}) }),
      ...(leavesAfterMs === undefined ? {} : { signal: AbortSignal.timeout(leavesAfterMs) }),
    });
    const { data, errors = [] } = (await response.body.json()) as Omit<SoakAnswer, 'status'>;
    count(
      outcomes,
      [...new Set(errors.map(({ extensions }) => extensions?.code))].join(' and ') || 'no error',
    );
    const answer = { status: response.statusCode, data, errors };
    const problem = problemOf(request, answer, wasAway(subgraph, fromMs));
    if (problem !== undefined) fail(problem);
  } catch (error) {
    if (leavesAfterMs !== undefined) left += 1;
    else fail(`no answer: ${String(error)}`);
  }
}

/** Whether a subgraph was away at any time between then and now. */
function wasAway(subgraph: string, fromMs: number): boolean {
  return graph.outages.some(
    (outage) =>
      outage.subgraph === subgraph && (outage.toMs ?? Number.POSITIVE_INFINITY) + AFTERMATH_MS >= fromMs,
  );
}

async function disturbOnAndOn({ name, everyMs, disturb }: (typeof disturbances)[number]): Promise<void> {
  const random = seededRandom(hashOf(`${seed} ${name}`));
  for (;;) {
    const until = performance.now() + random.between(everyMs / 2, (everyMs * 3) / 2);
    while (performance.now() < until && !isOver()) await pause(50);
    if (isOver()) return;
    try {
      await disturb(graph, random);
      count(disturbed, name);
    } catch (error) {
      failures.push(`${name}: ${String(error)}`);
    }
  }
}

async function measureOnAndOn(): Promise<void> {
  const everyMs = Math.max(1_000, (seconds * 1000) / 60);
  for (;;) {
    const until = performance.now() + everyMs;
    while (performance.now() < until && !isOver()) await pause(50);
    if (isOver()) return;
    const diagnosis = await diagnose(gateway);
    const elapsedMs = performance.now() - startedAt;
    samples.push({
      minute: elapsedMs / 60_000,
      diagnosis,
      residentMegabytes: megabytesOfTree(gateway.pid),
      processes: processesOfTree(gateway.pid),
    });
    print(
      `${(elapsedMs / 1000).toFixed(0).padStart(5)} s  ${asked} requests, ${failures.length} failures; live ${liveMegabytes(diagnosis).toFixed(1)} MB, resident ${(diagnosis.rss / 1_000_000).toFixed(0)} MB, ${diagnosis.fds} files and sockets, ${timersOf(diagnosis)} timers`,
    );
  }
}

/** What is held when nobody asks any more. The settings change once more: connections that are kept for later end with theirs. */
async function diagnoseAtRest(): Promise<Diagnosis> {
  await graph.swapSupergraph();
  await graph.changeSettings({ max_connections: 100 });
  const deadline = performance.now() + 20_000;
  let last = await diagnose(gateway);
  // engines end with their last request
  const isAtRest = (): boolean => last.fds <= atStart.fds && processesOfTree(gateway.pid) <= processesAtStart;
  while (!isAtRest() && performance.now() < deadline) {
    await pause(500);
    last = await diagnose(gateway);
  }
  return last;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
