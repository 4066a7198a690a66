import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine } from '../engine.ts';

export interface WarmUpOptions {
  /** How many of the operations asked for most are prepared. */
  readonly operations: number;
  /** What is not prepared by then is left to the first request for it. */
  readonly timeoutMs: number;
}

/** What became of the operations. */
export interface WarmUpReport {
  readonly prepared: number;
  /** Not valid on the new supergraph. */
  readonly invalid: number;
  readonly failed: number;
  /** Not prepared in time. */
  readonly late: number;
}

/**
 * Prepares the operations in use on the engine that comes, so that no request after the swap waits for a planner. One after
 * the other, most used first, with a turn for the requests of the engine before between them.
 *
 * Each process warms up its own engine: a plan crosses to another process as fast as the native planner makes it (about a
 * millisecond), and processes that share no planner share no fault of it.
 */
export async function warmUp(
  next: Engine,
  before: Engine,
  { operations, timeoutMs }: WarmUpOptions,
): Promise<WarmUpReport> {
  const report = { prepared: 0, invalid: 0, failed: 0, late: 0 };
  const used = before.warmth?.mostUsed(operations) ?? [];
  if (next.warmth === undefined || used.length === 0) return report;
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve('late');
    }, timeoutMs);
  });
  for (const operation of used) {
    if (isLate) {
      report.late += 1;
      continue;
    }
    const prepared = next.warmth.prepare(operation).then(
      (isValid) => (isValid ? 'prepared' : 'invalid'),
      // as the first request for it would find: it is not the swap that fails
      () => 'failed' as const,
    );
    report[await Promise.race([prepared, deadline])] += 1;
    await nextTurn();
  }
  clearTimeout(timer);
  return report;
}
