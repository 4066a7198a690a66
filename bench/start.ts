/**
 * `npm run bench:start`: what a start and a swap cost; README.md says how to read what it prints.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { engineBy } from '../gateway/commands/engineBy.ts';
import { Gateway } from '../gateway/gateway.ts';
import { readSettings } from '../gateway/settings.ts';
import { composeSubgraphs } from '../gateway/supergraph/composeSubgraphs.ts';
import { supergraphFromSdl } from '../gateway/supergraph/supergraph.ts';
import { Telemetry } from '../gateway/telemetry/telemetry.ts';
import { spreadOf } from './report.ts';
import { wideSupergraph } from './wideGraph.ts';

const RUNS = 5;
const SUBGRAPHS = 100;
const root = path.resolve(import.meta.dirname, '..');

/** Starts the built command on a graph of one subgraph, asks it once, and ends it. */
async function startMs(folder: string): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [path.join(root, 'dist/gateway/main.js'), 'serve', '--supergraph', 'small.graphql', '--port', '0'],
    {
      cwd: folder,
      env: { PATH: process.env.PATH, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  try {
    const response = await fetch(await urlOf(child), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ x }"}',
    });
    const answer = await response.text();
    if (!answer.includes('"x":1')) throw new Error(`The gateway answered ${answer}`);
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

async function urlOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(chunk);
    const url = /GraphQL at (http[^"\s]+)/.exec(text)?.[1];
    if (url !== undefined) {
      child.stderr?.resume();
      return url;
    }
  }
  throw new Error(`The gateway did not start: ${text}`);
}

async function measureStarts(): Promise<readonly number[]> {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('Building the gateway failed; the lines above say why.');
  const folder = mkdtempSync(path.join(tmpdir(), 'tributary-bench-start-'));
  const subgraph = createServer((request, response) => {
    request.resume().once('end', () => {
      response.setHeader('content-type', 'application/json').end('{"data":{"x":1}}');
    });
  }).listen(0, '127.0.0.1');
  await once(subgraph, 'listening');
  try {
    const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/`;
    const composed = composeSubgraphs([{ name: 'a', url, sdl: 'type Query { x: Int }' }]);
    if (composed.kind === 'failed') throw new Error('The graph of one subgraph does not compose.');
    writeFileSync(path.join(folder, 'small.graphql'), composed.supergraphSdl);
    writeFileSync(path.join(folder, 'gateway.yaml'), 'engine: auto');
    const times: number[] = [];
    for (let run = 0; run < RUNS; run += 1) times.push(await startMs(folder));
    return times;
  } finally {
    subgraph.closeAllConnections();
    subgraph.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Swaps {
  /** The longest time that the event loop was kept. */
  readonly longestMs: readonly number[];
  /** Processor time of this process. */
  readonly cpuMs: readonly number[];
}

async function measureSwaps(): Promise<Swaps> {
  const settings = readSettings({ env: {}, cwd: mkdtempSync(path.join(tmpdir(), 'tributary-bench-swap-')) });
  const log = pino({ level: 'silent' });
  const telemetry = new Telemetry();
  const gateway = new Gateway(engineBy({ ...settings, engine: 'auto' }, { log, telemetry }), log);
  // composed once: the others differ by the name of one field
  const sdl = wideSupergraph(SUBGRAPHS, 'marker');
  const supergraphs = Array.from({ length: RUNS + 1 }, (_, run) =>
    supergraphFromSdl(sdl.replaceAll('marker', `marker${run}`)),
  );
  const longestMs: number[] = [];
  const cpuMs: number[] = [];
  for (const [run, supergraph] of supergraphs.entries()) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const before = process.cpuUsage();
    delay.enable();
    await gateway.swap(supergraph);
    await new Promise((resolve) => setImmediate(resolve));
    delay.disable();
    const { user, system } = process.cpuUsage(before);
    // the first is a start, not a swap
    if (run === 0) continue;
    longestMs.push(delay.max / 1e6);
    cpuMs.push((user + system) / 1000);
  }
  await gateway.stop();
  return { longestMs, cpuMs };
}

function print(what: string, values: readonly number[], barMs: number): void {
  const { min, median, max } = spreadOf(values);
  const figures = `${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)})`;
  process.stdout.write(`${what.padEnd(58)} ${figures.padEnd(28)} bar ${barMs} ms\n`);
}

print('start to the first answer', await measureStarts(), 1500);
const { longestMs, cpuMs } = await measureSwaps();
print(`swap of ${SUBGRAPHS} subgraphs: longest hold of the event loop`, longestMs, 300);
print(`swap of ${SUBGRAPHS} subgraphs: processor time`, cpuMs, 300);
