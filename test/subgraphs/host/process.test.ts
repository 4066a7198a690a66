import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../../..');
const entry = (name: string) => path.join(root, 'subgraphs', name, 'subgraph.ts');

describe('subgraph process', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-subgraphs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const environment = (given: Readonly<Record<string, string>> = {}) => ({
    PATH: process.env.PATH,
    DATA_DIR: folder,
    PORT: '0',
    ...given,
  });

  /** Starts one with an IPC channel, and waits for its message. */
  const start = async (name: string) => {
    const child = fork(entry(name), {
      execArgv: ['--import', 'tsx'],
      cwd: root,
      env: environment(),
      silent: true,
    });
    const [message] = (await once(child, 'message')) as [{ type: string; port: number }];
    return { child, message, url: `http://127.0.0.1:${message.port}` };
  };
  const ended = async (child: ChildProcess) => {
    const [code] = await once(child, 'exit');
    return code as number | null;
  };

  /** Runs one that is expected to end by itself. */
  const run = async (name: string, given: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, ['--import', 'tsx', entry(name)], {
      cwd: root,
      env: environment(given),
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    return { code: await ended(child), output };
  };

  test.each(['accounts', 'products', 'inventory', 'reviews', 'ai'])(
    '%s makes its database, reports its port, answers, and ends with 0 on SIGTERM',
    async (name) => {
      const { child, message, url } = await start(name);
      const health = await fetch(`${url}/health`);
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ _service { sdl } }"}',
      });
      const { data } = (await answer.json()) as { data: { _service: { sdl: string } } };
      const end = ended(child);
      child.kill('SIGTERM');
      expect({
        type: message.type,
        health: await health.json(),
        sdl: data._service.sdl.includes('@link'),
        code: await end,
        file: existsSync(path.join(folder, `${name}.sqlite`)),
      }).toEqual({ type: 'listening', health: { status: 'UP' }, sdl: true, code: 0, file: true });
    },
  );

  test('it ends when its parent lets go of the channel', async () => {
    const { child } = await start('inventory');
    const end = ended(child);
    child.disconnect();
    expect(await end).toBe(0);
  });

  test.each([
    [
      'products',
      { PORT: 'none' },
      3,
      'The environment variable PORT must be a port number from 0 to 65535, not "none".\n',
    ],
    [
      'reviews',
      { PRINCIPAL_SECRET: 'too short' },
      3,
      'The environment variable PRINCIPAL_SECRET must be a text of 32 bytes or more.\n',
    ],
    [
      'products',
      { DATABASE_URL: 'postgres://app:secret@127.0.0.1:1/shop' },
      1,
      'The database of products cannot be used: connect ECONNREFUSED 127.0.0.1:1.\n',
    ],
  ])('%s with %j ends with %i and one sentence', async (name, given, code, output) => {
    expect(await run(name, given)).toEqual({ code, output });
  });

  test('a port that is taken ends it with 5 and one sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const result = await run('products', { PORT: String(port) });
    other.close();
    expect(result).toEqual({
      code: 5,
      output: `Another process listens on port ${port}; set PORT to a free one.\n`,
    });
  });
});
