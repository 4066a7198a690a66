import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OptionError, readOptions } from '../../bench/options.ts';
import { type Measurement, ratiosOf, spreadOf } from '../../bench/report.ts';
import { scenarioOf } from '../../bench/scenarios.ts';

const root = path.resolve(import.meta.dirname, '../..');

async function bench(args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const command = ['--import', 'tsx', 'bench/run.ts', ...args];
  try {
    const output = await promisify(execFile)(process.execPath, command, { cwd: root });
    return { exitCode: 0, ...output };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, stdout, stderr };
  }
}

describe('bench: scenarios', () => {
  test('rules are measured beside the same gateway without them', async () => {
    const args =
      '--scenario authorization --seconds 1 --warmup 0 --rounds 1 --connections 2 --main gateway/main.ts';
    const { exitCode, stdout } = await bench(args.split(' '));
    expect([exitCode, /CPU.*unguarded|unguarded/.test(stdout)]).toEqual([0, true]);
  }, 120_000);
});

describe('bench: a run', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-bench-test-'));
  const json = path.join(folder, 'result.json');
  let run: Awaited<ReturnType<typeof bench>>;

  beforeAll(async () => {
    // from the source, so that no build of another test is touched
    const args = '--seconds 3 --warmup 1 --rounds 1 --connections 4 --main gateway/main.ts --json';
    run = await bench([...args.split(' '), json]);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('measures both gateways without a failed request', () => {
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const positive = expect.any(Number);
    const measurement = {
      round: 1,
      requests: positive,
      failed: 0,
      requestsPerSecond: positive,
      cpuMsPerRequest: positive,
      p50Ms: positive,
      p99Ms: positive,
      maxMs: positive,
      peakMegabytes: positive,
      subgraphRequestsPerRequest: positive,
    };
    const spread = { min: positive, median: positive, max: positive };
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual({
      node: process.version,
      options: expect.objectContaining({ seconds: 3, rounds: 1, connections: 4, latencyMs: 0, unique: true }),
      cores: expect.any(Object),
      measurements: [
        { gateway: 'tributary', ...measurement },
        { gateway: 'apollo', ...measurement },
      ],
      ratios: [{ to: 'apollo', throughput: spread, cpuPerRequest: spread, p99: spread }],
    });
  });

  test('prints a row for each gateway and a line for each ratio', () => {
    expect(run.stdout.split('\n').map((line) => line.trim().split(/ {2,}/).slice(0, 2))).toEqual([
      ['each request with its own credentials: nothing is shared'],
      ['round', 'gateway'],
      ['1', 'tributary'],
      ['1', 'apollo'],
      [''],
      ['tributary / apollo, median (min to max of the rounds):'],
      ['throughput', expect.stringMatching(/^\d+\.\d\d$/)],
      ['CPU per request', expect.stringMatching(/^\d+\.\d\d$/)],
      ['p99', expect.stringMatching(/^\d+\.\d\d$/)],
      [''],
    ]);
  });
});

describe('bench: options', () => {
  test('are the documented defaults when none is given', () => {
    expect(readOptions([])).toEqual({
      seconds: 10,
      warmupSeconds: 5,
      rounds: 3,
      scenario: 'unique',
      changes: {},
      peers: false,
      json: undefined,
      main: undefined,
      profileFolder: undefined,
    });
  });

  test.each([
    [['--seconds', 'ten'], '--seconds takes a number from 0.1, not "ten".'],
    [['--rounds', '1.5'], '--rounds takes a whole number, not "1.5".'],
    [['--connections', '0'], '--connections takes a number from 1, not "0".'],
    [
      ['--scenario', 'calm'],
      '--scenario is one of unique, equal, inbound, latency, authorization, policies, large, not "calm".',
    ],
  ])('refuse %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(new OptionError(message));
  });

  test('end the run with exit code 2 when one is unknown', async () => {
    const { exitCode, stdout, stderr } = await bench(['--fast']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/--fast[\s\S]*Usage: npm run bench/);
  });
});

describe('bench: report', () => {
  const measured = (
    gateway: Measurement['gateway'],
    round: number,
    requestsPerSecond: number,
  ): Measurement => ({
    gateway,
    round,
    requests: 100,
    failed: 0,
    requestsPerSecond,
    cpuMsPerRequest: 1000 / requestsPerSecond,
    p50Ms: 1,
    p99Ms: 2,
    maxMs: 3,
    peakMegabytes: 100,
    subgraphRequestsPerRequest: 16,
  });

  test('divides the figures of one round by each other', () => {
    const measurements = [
      measured('tributary', 1, 100),
      measured('apollo', 1, 50),
      measured('hive', 1, 70),
      measured('tributary', 2, 40),
      measured('apollo', 2, 10),
    ];
    expect(ratiosOf(measurements, 'apollo')).toEqual({
      to: 'apollo',
      throughput: { min: 2, median: 3, max: 4 },
      cpuPerRequest: { min: 0.25, median: 0.375, max: 0.5 },
      p99: { min: 1, median: 1, max: 1 },
    });
  });

  test('a scenario is changed by what the command line names', () => {
    const options = readOptions(['--scenario', 'latency', '--connections', '7', '--operation', 'light']);
    expect(scenarioOf(options)).toMatchObject({
      unique: true,
      latencyMs: 4,
      connections: 7,
      operation: 'light',
    });
  });

  test('takes the middle value of an odd number of rounds', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 });
  });
});
