import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Scenario, type ScenarioName, scenarios } from './scenarios.ts';

/** What one run of the benchmark is told. */
export interface BenchOptions {
  /** Measured time of a round and gateway. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly rounds: number;
  readonly scenario: ScenarioName;
  /** What differs from it. */
  readonly changes: Partial<Scenario>;
  /** Whether the gateways of others are measured too. */
  readonly peers: boolean;
  /** Where the result is written as JSON. */
  readonly json: string | undefined;
  /** The command of our gateway; without it `dist/` is built and used. */
  readonly main: string | undefined;
  /** `engine` of our gateway's settings; without it its default. */
  readonly engine: string | undefined;
  readonly profileFolder: string | undefined;
}

export const usage = `Usage: npm run bench -- [options]
  --scenario <name>   ${Object.keys(scenarios).join(', ')} (default unique)
  --peers             also measure Hive Gateway and Grafbase, which are installed once
  --seconds <n>       measured time of a round and gateway (default 10)
  --warmup <n>        seconds before that, which do not count (default 5)
  --connections <n>   connections, each with one request in flight
  --rounds <n>        how often each gateway is started and measured (default 3)
  --latency <ms>      delay of every answer of a subgraph
  --operation <name>  everything, light, large, or a file
  --equal             the same authorization header for every request, instead of one each
  --json <file>       also write the result as JSON
  --main <file>       command of our gateway (default: dist/gateway/main.js, built first)
  --engine <name>     engine of our gateway: compiled, apollo or auto (default: that of its settings)
  --profile <folder>  write CPU profiles of the gateways there (they are slower meanwhile)`;

/** A wrong option, which the message says in one sentence; it is empty when `--help` was asked for. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/**
 * Reads the command line.
 * @throws OptionError
 */
export function readOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  if (values.help) throw new OptionError('');
  return {
    seconds: number('seconds', values.seconds, 0.1),
    warmupSeconds: number('warmup', values.warmup, 0),
    rounds: whole('rounds', values.rounds),
    scenario: scenarioName(values.scenario),
    changes: {
      ...(values.connections === undefined ? {} : { connections: whole('connections', values.connections) }),
      ...(values.latency === undefined ? {} : { latencyMs: number('latency', values.latency, 0) }),
      ...(values.operation === undefined ? {} : { operation: values.operation }),
      ...(values.equal ? { unique: false } : {}),
    },
    peers: values.peers,
    json: values.json,
    main: values.main === undefined ? undefined : path.resolve(values.main),
    engine: values.engine,
    profileFolder: values.profile === undefined ? undefined : path.resolve(values.profile),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '10' },
        warmup: { type: 'string', default: '5' },
        scenario: { type: 'string', default: 'unique' },
        peers: { type: 'boolean', default: false },
        connections: { type: 'string' },
        rounds: { type: 'string', default: '3' },
        latency: { type: 'string' },
        operation: { type: 'string' },
        equal: { type: 'boolean', default: false },
        json: { type: 'string' },
        main: { type: 'string' },
        engine: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionError((error as Error).message);
  }
}

function number(name: string, text: string, minimum: number): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < minimum)
    throw new OptionError(`--${name} takes a number from ${minimum}, not "${text}".`);
  return value;
}

function whole(name: string, text: string): number {
  const value = number(name, text, 1);
  if (!Number.isInteger(value)) throw new OptionError(`--${name} takes a whole number, not "${text}".`);
  return value;
}

function scenarioName(name: string): ScenarioName {
  if (Object.hasOwn(scenarios, name)) return name as ScenarioName;
  throw new OptionError(`--scenario is one of ${Object.keys(scenarios).join(', ')}, not "${name}".`);
}

/** The file of an operation: a name is one in `operations/`. */
export function operationFile(name: string): string {
  return /^\w+$/.test(name)
    ? path.join(import.meta.dirname, 'operations', `${name}.graphql`)
    : path.resolve(name);
}
