import type { RunningProgram } from '../../bench/processes.ts';

/** What the log of a gateway has said so far. */
export interface GatewayLog {
  readonly swaps: number;
  readonly reloads: number;
  /** Files that were wrong. */
  readonly refusals: number;
  /** Lines that nobody foresaw. */
  readonly faults: readonly string[];
}

/** Reads the log of a program as it is written. */
export function followLog({ child }: RunningProgram): GatewayLog {
  const log = { swaps: 0, reloads: 0, refusals: 0, faults: [] as string[] };
  let rest = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.includes('supergraph swapped')) log.swaps += 1;
      else if (line.includes('the settings have changed')) log.reloads += 1;
      else if (/stays? in force/.test(line)) log.refusals += 1;
      else if (!/^\{"level":"(info|warn)"/.test(line)) log.faults.push(line.slice(0, 1_000));
    }
  });
  return log;
}
