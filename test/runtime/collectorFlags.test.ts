import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

const program = path.resolve(import.meta.dirname, 'restartedProgram.ts');

async function started(): Promise<{ child: ChildProcess; said: string; message: unknown }> {
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const message = once(child, 'message');
  const [said] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { child, said: said.toString(), message: (await message)[0] };
}

describe('runtime: a process that starts itself again', () => {
  test('has the flag, hands on messages and signals, and ends as the other ends', async () => {
    const { child, said, message } = await started();
    expect([said, message]).toEqual([expect.stringMatching(/^\d+ true\n$/), { type: 'listening' }]);
    expect(Number(said.split(' ')[0])).not.toBe(child.pid);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([7, null]);
  });

  test('leaves nobody behind when it is killed', async () => {
    const { child } = await started();
    // both write to it: it ends when both have ended
    const closed = once(child.stdout as NodeJS.ReadableStream, 'end');
    child.stdout?.resume();
    child.kill('SIGKILL');
    await closed;
  });

  test('ends by the signal that ended the other', async () => {
    const { child, said } = await started();
    const ended = once(child, 'exit');
    process.kill(Number(said.split(' ')[0]), 'SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});
