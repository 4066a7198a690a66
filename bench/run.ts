/**
 * `npm run bench`: this gateway beside a bare `ApolloGateway` on the same subgraphs, in one run; README.md says how to
 * read what it prints.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { fixtureSupergraph } from './fixture.ts';
import {
  type GatewayName,
  type GatewayStart,
  loaderFor,
  type RunningGateway,
  startGateway,
} from './gateways.ts';
import type { LoadOptions, LoadResult } from './load.ts';
import { type BenchOptions, OptionError, operationFile, readOptions, usage } from './options.ts';
import { installPeers, peerNames } from './peers.ts';
import {
  type Cores,
  chooseCores,
  endAll,
  firstMessage,
  peakMegabytesOfTree,
  type RunningProgram,
  startProgram,
} from './processes.ts';
import {
  type Measurement,
  printAdded,
  printHead,
  printRatios,
  printRow,
  type Ratios,
  ratiosOf,
} from './report.ts';
import { type Scenario, scenarioOf } from './scenarios.ts';

/** What `--json` writes. */
export interface BenchResult {
  readonly node: string;
  readonly options: Omit<BenchOptions, 'json' | 'profileFolder' | 'changes'> & Scenario;
  readonly cores: Cores;
  readonly measurements: readonly Measurement[];
  /** To each of the other gateways. */
  readonly ratios: readonly Ratios[];
}

const root = path.resolve(import.meta.dirname, '..');

interface Fixture {
  readonly options: BenchOptions;
  readonly scenario: Scenario;
  /** In the order in which a round asks them. */
  readonly contestants: readonly GatewayName[];
  readonly cores: Cores;
  readonly folder: string;
  readonly gateway: GatewayStart;
  readonly subgraphsPort: number;
  readonly subgraphs: RunningProgram;
  readonly bodyFile: string;
}

async function main(options: BenchOptions): Promise<BenchResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tributary-bench-'));
  // not in `finally`, which a Ctrl-C passes by
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const cores = chooseCores();
  const scenario = scenarioOf(options);
  if (options.peers) installPeers();
  print(scenario.title);
  let subgraphs: RunningProgram | undefined;
  try {
    subgraphs = startProgram({
      args: [
        ...loaderFor('.ts'),
        path.join(root, 'bench/subgraphs.ts'),
        '--latency',
        String(scenario.latencyMs),
      ],
      core: cores.subgraphs,
    });
    const { port: subgraphsPort } = (await firstMessage(subgraphs)) as { port: number };
    const supergraph = path.join(folder, 'supergraph.graphql');
    writeFileSync(supergraph, fixtureSupergraph(subgraphsPort));
    const bodyFile = path.join(folder, 'body.json');
    writeFileSync(
      bodyFile,
      JSON.stringify({ query: readFileSync(operationFile(scenario.operation), 'utf8') }),
    );
    const fixture: Fixture = {
      options,
      scenario,
      contestants: [
        'tributary',
        besideOf(scenario),
        ...(options.peers ? peerNames : []),
        ...(scenario.direct === undefined ? [] : (['direct'] as const)),
      ],
      subgraphs,
      cores,
      folder,
      subgraphsPort,
      bodyFile,
      gateway: {
        supergraph,
        folder,
        main: options.main ?? buildGateway(),
        core: cores.gateway,
        engine: options.engine,
        subgraphsPort,
        sharesInbound: scenario.sharesInbound,
        isGuarded: scenario.isGuarded ?? false,
        isShaped: scenario.isShaped ?? false,
        profileFolder: options.profileFolder,
      },
    };
    await compareAnswers(fixture);
    const measurements = await measureRounds(fixture);
    const { json, profileFolder, changes, ...told } = options;
    const [, ...others] = fixture.contestants;
    return {
      node: process.version,
      options: { ...told, ...scenario },
      cores,
      measurements,
      ratios: others.filter((other) => other !== 'direct').map((other) => ratiosOf(measurements, other)),
    };
  } finally {
    await subgraphs?.stop();
  }
}

/** Whom ours is compared with: the bare gateway, or itself without what the scenario is about. */
function besideOf({ isGuarded, isShaped }: Scenario): GatewayName {
  if (isGuarded) return 'unguarded';
  return isShaped ? 'unshaped' : 'apollo';
}

async function start(name: GatewayName, fixture: Fixture): Promise<RunningGateway> {
  if (name !== 'direct') return startGateway(name, fixture.gateway);
  const { pid, child, output } = fixture.subgraphs;
  return {
    name,
    origin: `http://127.0.0.1:${fixture.subgraphsPort}`,
    path: `/${fixture.scenario.direct}`,
    // it serves the gateways too, and goes on
    program: { pid, child, output, stop: async () => {} },
  };
}

function buildGateway(): string {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('Building the gateway failed; the lines above say why.');
  return path.join(root, 'dist/gateway/main.js');
}

/** @throws Error unless all gateways give the same `data`, and no errors, before anything is measured */
async function compareAnswers(fixture: Fixture): Promise<void> {
  const answers: { name: GatewayName; data: unknown }[] = [];
  for (const name of fixture.contestants) {
    const gateway = await start(name, fixture);
    try {
      answers.push({ name, data: dataOf(name, await ask(gateway, fixture.bodyFile)) });
    } finally {
      await gateway.program.stop();
    }
  }
  const [first, ...others] = answers;
  for (const other of others) {
    if (!isDeepStrictEqual(other.data, first?.data))
      throw new Error(`The answers of ${first?.name} and ${other.name} differ; there is nothing to compare.`);
  }
}

async function measureRounds(fixture: Fixture): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  print(printHead());
  for (let round = 1; round <= fixture.options.rounds; round++) {
    for (const name of fixture.contestants) {
      const measurement = await measure(name, round, fixture);
      measurements.push(measurement);
      print(printRow(measurement));
    }
  }
  return measurements;
}

/** Starts a gateway anew, so that no round has what an earlier one compiled, and measures it. */
async function measure(name: GatewayName, round: number, fixture: Fixture): Promise<Measurement> {
  const gateway = await start(name, fixture);
  try {
    const answer = await ask(gateway, fixture.bodyFile);
    dataOf(name, answer);
    const answerFile = path.join(fixture.folder, `answer-${name}`);
    writeFileSync(answerFile, answer);
    const before = await subgraphRequests(fixture);
    const result = await load(gateway, answerFile, fixture);
    const after = await subgraphRequests(fixture);
    if (result.failed > 0)
      throw new Error(`${result.failed} requests to ${name} failed, the first with ${result.firstFailure}.`);
    return {
      gateway: name,
      round,
      requests: result.requests,
      failed: result.failed,
      requestsPerSecond: result.requests / (result.elapsedMs / 1000),
      cpuMsPerRequest: result.cpuMs / result.requests,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      maxMs: result.maxMs,
      peakMegabytes: peakMegabytesOfTree(gateway.program.pid),
      subgraphRequestsPerRequest: (after - before) / result.sent,
    };
  } finally {
    await gateway.program.stop();
  }
}

async function load(gateway: RunningGateway, answerFile: string, fixture: Fixture): Promise<LoadResult> {
  const { warmupSeconds, seconds } = fixture.options;
  const { connections, unique } = fixture.scenario;
  const told: LoadOptions = {
    origin: gateway.origin,
    path: gateway.path,
    bodyFile: fixture.bodyFile,
    answerFile,
    connections,
    warmupSeconds,
    seconds,
    unique,
    gatewayPid: gateway.program.pid,
  };
  const program = startProgram({
    args: [...loaderFor('.ts'), path.join(root, 'bench/load.ts'), JSON.stringify(told)],
    core: fixture.cores.load,
  });
  try {
    return (await firstMessage(program)) as LoadResult;
  } catch (error) {
    throw new Error(`The load on ${gateway.name} broke off. Its output: ${gateway.program.output()}`, {
      cause: error,
    });
  } finally {
    await program.stop();
  }
}

async function ask(
  { name, origin, path: endpoint, program }: RunningGateway,
  bodyFile: string,
): Promise<Buffer> {
  const response = await fetch(origin + endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: 'Bearer first',
    },
    body: readFileSync(bodyFile),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  if (response.ok) return answer;
  throw new Error(
    `${name} answered ${response.status}: ${answer.toString().slice(0, 500)} ${program.output()}`,
  );
}

function dataOf(name: GatewayName, answer: Buffer): unknown {
  const { data, errors } = JSON.parse(answer.toString()) as { data?: unknown; errors?: unknown };
  if (errors === undefined && data !== null && data !== undefined) return data;
  throw new Error(`${name} answered with errors: ${answer.toString().slice(0, 500)}`);
}

/** @throws Error when a gateway did not send the client's header on: it would have less to do than the other */
async function subgraphRequests({ subgraphsPort }: Fixture): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${subgraphsPort}/count`);
  const { count, anonymous } = (await response.json()) as { count: number; anonymous: number };
  if (anonymous > 0) throw new Error(`${anonymous} requests reached subgraphs without authorization.`);
  return count;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.on('exit', endAll);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => process.exit(code));
}
try {
  const options = readOptions(process.argv.slice(2));
  const result = await main(options);
  for (const ratios of result.ratios) print(`\n${printRatios(ratios)}`);
  const added = printAdded(result.measurements);
  if (added !== undefined) print(`\n${added}`);
  if (options.json !== undefined) {
    mkdirSync(path.dirname(path.resolve(options.json)), { recursive: true });
    writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  }
} catch (error) {
  if (error instanceof OptionError && error.message === '') print(usage);
  else if (error instanceof OptionError) {
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
