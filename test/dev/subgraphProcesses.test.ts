import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { DevProcess } from '../../gateway/dev/devProcess.ts';
import { type SubgraphCommand, subgraphProcesses } from '../../gateway/dev/subgraphProcesses.ts';
import { folder, removeFolder } from './devHarness.ts';

afterAll(removeFolder);
for (const path of [
  'subgraphs/typed/subgraph.ts',
  'subgraphs/plain/subgraph.js',
  'dist/subgraphs/built/subgraph.js',
  'outside/subgraph.ts',
]) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), '');
}

function processes(
  urls: Readonly<Record<string, string>>,
  commands: Readonly<Record<string, SubgraphCommand>> = {},
): DevProcess[] {
  const subgraphs = Object.entries(urls).map(([name, routingUrl]) => ({
    name,
    routingUrl,
    schema: { kind: 'sdl', sdl: '' } as const,
  }));
  const federationVersion = { requested: undefined, composedWith: '2.14.4', notice: undefined };
  const config = { path: join(folder, 'supergraph.yaml'), federationVersion, subgraphs };
  return subgraphProcesses(config, { root: folder, commands, env: { LOG_FORMAT: 'pretty' } });
}

describe('subgraphProcesses', () => {
  test('runs subgraph.ts with tsx, on the port of the routing URL', () => {
    const script = join(folder, 'subgraphs', 'typed', 'subgraph.ts');
    expect(processes({ typed: 'http://127.0.0.1:4001/graphql' })).toEqual([
      {
        role: 'subgraph',
        name: 'typed',
        command: process.execPath,
        args: ['--import', 'tsx', script],
        cwd: folder,
        env: { LOG_FORMAT: 'pretty', PORT: '4001' },
        port: 4001,
        host: '127.0.0.1',
        watch: [dirname(script)],
        ipc: true,
      },
    ]);
  });

  test.each([
    ['plain', 'subgraphs/plain/subgraph.js'],
    ['built', 'dist/subgraphs/built/subgraph.js'],
  ])('runs the JavaScript of %s as it is', (name, script) => {
    expect(processes({ [name]: 'http://localhost:1' })[0]?.args).toEqual([join(folder, script)]);
  });

  test.each([
    ['http://localhost:4001', 'localhost', 4001],
    ['http://[::1]:4001', '::1', 4001],
    ['http://127.0.0.1', '127.0.0.1', 80],
  ])('takes %s for this machine', (url, host, port) => {
    expect(processes({ typed: url })).toEqual([expect.objectContaining({ host, port })]);
  });

  test.each([
    ['a URL elsewhere', 'typed', 'http://accounts.internal:4001'],
    ['https, which something in front of it speaks', 'typed', 'https://localhost:4001'],
    ['a subgraph without a program', 'unknown', 'http://localhost:4001'],
    ['a name that leaves the folder', '../outside', 'http://localhost:4001'],
  ])('does not start %s', (_, name, url) => {
    expect(processes({ [name]: url })).toEqual([]);
  });

  test('runs a command of the settings in a shell, and prefers it', () => {
    const command = { command: 'python main.py', cwd: 'python', watch: ['main.py'] };
    expect(processes({ typed: 'http://127.0.0.1:4001' }, { typed: command })).toEqual([
      {
        role: 'subgraph',
        name: 'typed',
        command: '/bin/sh',
        args: ['-c', 'python main.py'],
        cwd: join(folder, 'python'),
        env: { LOG_FORMAT: 'pretty', PORT: '4001' },
        port: 4001,
        host: '127.0.0.1',
        watch: [join(folder, 'python', 'main.py')],
        ipc: false,
      },
    ]);
  });
});
