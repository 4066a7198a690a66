/**
 * A program: asks one operation over a number of connections, each of which sends its next request when the last was
 * answered (a closed loop), and tells its parent what it measured. Latencies are kept one by one and not in buckets.
 *
 * Every answer is compared with the expected bytes, so that a gateway cannot be fast by being wrong. Processor time of the
 * gateway is read here, at the very start and end of the measured time.
 */
import { readFileSync } from 'node:fs';
import { Client } from 'undici';
import { cpuMsOfTree } from './processes.ts';

/** What the program is told, as JSON in its only argument. */
export interface LoadOptions {
  readonly origin: string;
  readonly path: string;
  /** File of the request body. */
  readonly bodyFile: string;
  /** File of the answer's exact bytes. */
  readonly answerFile: string;
  readonly connections: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** Whether every request has its own authorization header, so that no gateway may answer two by the work for one. */
  readonly unique: boolean;
  readonly gatewayPid: number;
}

/** What it tells. */
export interface LoadResult {
  readonly type: 'result';
  /** Requests answered in the measured time. */
  readonly requests: number;
  readonly elapsedMs: number;
  /** Of the gateway, in the measured time. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Failed requests, those of the warm-up included, and what the first one was. */
  readonly failed: number;
  readonly firstFailure?: string;
  /** Requests answered, the warm-up and those in flight at the end included. */
  readonly sent: number;
}

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const body = readFileSync(options.bodyFile);
  const expected = readFileSync(options.answerFile);
  const latenciesMs: number[] = [];
  let isMeasuring = false;
  let isOver = false;
  let sent = 0;
  let failed = 0;
  let firstFailure: string | undefined;

  const ask = (client: Client): Promise<void> =>
    new Promise((resolve) => {
      const number = sent++;
      const startedAt = performance.now();
      let status = 0;
      let bytes = 0;
      let isEqual = true;
      let start = '';
      const settle = (failure: string | undefined): void => {
        if (failure !== undefined) {
          failed += 1;
          firstFailure ??= failure;
        } else if (isMeasuring) latenciesMs.push(performance.now() - startedAt);
        resolve();
      };
      client.dispatch(
        {
          path: options.path,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            authorization: `Bearer ${options.unique ? `request-${number}` : 'everyone'}`,
          },
          body,
        },
        {
          onRequestStart() {},
          onResponseStart(_controller, statusCode) {
            status = statusCode;
          },
          onResponseData(_controller, chunk) {
            if (bytes === 0) start = chunk.toString('utf8', 0, 300);
            isEqual &&= chunk.equals(expected.subarray(bytes, bytes + chunk.length));
            bytes += chunk.length;
          },
          onResponseEnd() {
            const isGood = status === 200 && isEqual && bytes === expected.length;
            settle(isGood ? undefined : `status ${status}, ${bytes} bytes: ${start}`);
          },
          onResponseError(_controller, error) {
            settle(String(error));
          },
        },
      );
    });

  const clients = Array.from(
    { length: options.connections },
    () => new Client(options.origin, { pipelining: 1 }),
  );
  const loops = clients.map(async (client) => {
    while (!isOver) {
      const failedBefore = failed;
      await ask(client);
      // a gateway that refuses at once would otherwise be asked in a busy loop
      if (failed > failedBefore) await pause(50);
    }
    await client.close();
  });
  await pause(options.warmupSeconds * 1000);
  isMeasuring = true;
  const startedAt = performance.now();
  const cpuBefore = cpuMsOfTree(options.gatewayPid);
  await pause(options.seconds * 1000);
  isMeasuring = false;
  const elapsedMs = performance.now() - startedAt;
  const cpuMs = cpuMsOfTree(options.gatewayPid) - cpuBefore;
  isOver = true;
  await Promise.all(loops);

  latenciesMs.sort((a, b) => a - b);
  return {
    type: 'result',
    requests: latenciesMs.length,
    elapsedMs,
    cpuMs,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    maxMs: latenciesMs.at(-1) ?? 0,
    failed,
    ...(firstFailure === undefined ? {} : { firstFailure }),
    sent,
  };
}

/** The smallest value that at least the given part of all values does not exceed. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

// only as a program of its own: the benchmark imports the types
const [, , text] = process.argv;
if (text !== undefined && process.send !== undefined) {
  process.on('disconnect', () => process.exit(0));
  process.send(await runLoad(JSON.parse(text) as LoadOptions));
}
