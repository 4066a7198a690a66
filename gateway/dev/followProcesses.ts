import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { DevProcess } from './devProcess.ts';

export interface FollowProcessesOptions {
  /** What runs already. */
  readonly first: readonly DevProcess[];
  readonly read: () => Promise<readonly DevProcess[]>;
  readonly pollMs: number;
  /** Called with each new list, and with the same one when it can be read again. */
  readonly changed: (list: readonly DevProcess[]) => Promise<void>;
  /** Called once with the message of an error of `read`, until that changes. */
  readonly failed: (message: string) => void;
  readonly signal: AbortSignal;
}

type Outcome = { readonly list: readonly DevProcess[] } | { readonly problem: string };

/**
 * Reads the list of processes again and again until the signal; resolves then.
 *
 * It is read at intervals and not watched: files and folders that do not exist yet are part of what it depends on, and
 * reading some small files costs a millisecond. A change is taken when two reads in a row agree, so that a file that an
 * editor has written in half ends nothing.
 */
export async function followProcesses(options: FollowProcessesOptions): Promise<void> {
  const { signal, pollMs, changed, failed } = options;
  let taken: Outcome = { list: options.first };
  let last: Outcome = taken;
  while (await pause(pollMs, signal)) {
    const outcome = await readOnce(options.read);
    const isSettled = isDeepStrictEqual(outcome, last);
    last = outcome;
    if (!isSettled || isDeepStrictEqual(outcome, taken) || signal.aborted) continue;
    taken = outcome;
    if ('problem' in outcome) failed(outcome.problem);
    else await changed(outcome.list);
  }
}

async function readOnce(read: () => Promise<readonly DevProcess[]>): Promise<Outcome> {
  try {
    return { list: await read() };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** @returns whether to go on */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
