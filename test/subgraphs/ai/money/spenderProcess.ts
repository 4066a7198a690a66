import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A process of its own that spends from the same database; see `spender.ts`. */
export interface SpenderProcess {
  /** Reserves all its calls at once, and gives how many were granted. */
  reserve(): Promise<number>;
  settle(): Promise<void>;
  /** Ends it as a crash would, without a chance to clean up. */
  kill(): Promise<void>;
}

export async function startSpender(url: string, calls: number): Promise<SpenderProcess> {
  const child = fork(path.join(import.meta.dirname, 'spender.ts'), [url, String(calls)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await answer(child);
  return {
    async reserve() {
      child.send('reserve');
      return Number(await answer(child));
    },
    async settle() {
      const ended = once(child, 'exit');
      child.send('settle');
      const [code] = await ended;
      if (code !== 0) throw new Error(`The spender ended with ${code}.`);
    },
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function answer(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The spender ended with ${code} before it answered.`);
  });
  // the rejection is only of interest while an answer is awaited
  ended.catch(() => {});
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}
