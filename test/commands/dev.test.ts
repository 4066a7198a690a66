import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { processList } from '../../gateway/commands/dev.ts';
import type { DevProcess } from '../../gateway/dev/devProcess.ts';
import { readSettings } from '../../gateway/settings.ts';
import { folder, removeFolder, writeFile } from './commandHarness.ts';

afterAll(removeFolder);

const config = (...names: string[]): string =>
  `subgraphs:\n${names.map((name, index) => `  ${name}: { schema: { subgraph_url: "http://127.0.0.1:${4301 + index}/" } }\n`).join('')}`;

function list(env: Readonly<Record<string, string>> = {}): () => Promise<readonly DevProcess[]> {
  return processList({
    readSettings: () => readSettings({ env, cwd: folder }),
    settingsFile: undefined,
    cwd: folder,
    env,
    main: '/app/dist/gateway/main.js',
  });
}

const names = (processes: readonly DevProcess[]): string[] => processes.map(({ name }) => name);

function writeSubgraph(name: string): void {
  mkdirSync(path.join(folder, 'subgraphs', name), { recursive: true });
  writeFile(`subgraphs/${name}/subgraph.ts`, '');
}

beforeEach(() => {
  rmSync(path.join(folder, 'gateway.yaml'), { force: true });
  rmSync(path.join(folder, 'subgraphs'), { recursive: true, force: true });
  writeSubgraph('a');
  writeFile('supergraph.yaml', config('a'));
});

describe('tributary dev: the list of processes', () => {
  test('follows supergraph.yaml, programs that appear later, and commands of gateway.yaml', async () => {
    const read = list();
    expect(names(await read())).toEqual(['a', 'gateway']);
    writeFile('supergraph.yaml', config('a', 'b', 'c'));
    expect(names(await read())).toEqual(['a', 'gateway']);
    writeSubgraph('b');
    expect(names(await read())).toEqual(['a', 'b', 'gateway']);
    writeFile('gateway.yaml', 'dev: { subgraphs: { c: { command: "./run" } } }');
    expect((await read()).find(({ name }) => name === 'c')).toMatchObject({
      args: ['-c', './run'],
      port: 4303,
    });
    writeFile('supergraph.yaml', config('b'));
    expect(names(await read())).toEqual(['b', 'gateway']);
  });

  test('gives subgraphs the log format of the settings', async () => {
    const formatOf = async (env: Readonly<Record<string, string>>): Promise<unknown> =>
      (await list(env)()).map(({ env: own }) => own.LOG_FORMAT);
    expect(await formatOf({})).toEqual(['pretty', undefined]);
    expect(await formatOf({ LOG_FORMAT: 'json' })).toEqual(['json', undefined]);
  });

  test('gives subgraphs and gateway one secret for the principal header, and keeps it', async () => {
    const secretsOf = async (read: () => Promise<readonly DevProcess[]>): Promise<unknown[]> =>
      (await read()).map(({ env: own }) => own.PRINCIPAL_SECRET);
    const read = list();
    const [subgraph, gateway] = await secretsOf(read);
    expect([subgraph, await secretsOf(read)]).toEqual([
      expect.stringMatching(/^[\w-]{43}$/),
      [gateway, gateway],
    ]);
    expect(await secretsOf(list())).not.toContain(subgraph);
    const given = 'a secret that the environment gives to all';
    expect(await secretsOf(list({ PRINCIPAL_SECRET: given }))).toEqual([given, given]);
  });

  test('has another gateway for a setting that needs a restart, and the same one for a comment or a command of dev', async () => {
    const read = list();
    const gateway = async (): Promise<DevProcess | undefined> => (await read()).at(-1);
    const first = await gateway();
    writeFile('gateway.yaml', '# nothing\ndev: { subgraphs: { a: { command: "./run" } } }');
    expect(await gateway()).toEqual(first);
    writeFile('gateway.yaml', 'limits: { max_body_bytes: 5 }');
    const second = await gateway();
    expect(second?.revision).not.toBe(first?.revision);
    writeFile('gateway.yaml', 'limits: { max_body_bytes: 6 }');
    expect((await gateway())?.revision).not.toBe(second?.revision);
  });

  test('has a gateway that takes up by itself all other settings, and the module of permissions', async () => {
    const read = list();
    const gateway = async (): Promise<DevProcess | undefined> => (await read()).at(-1);
    const rulesFor = (prefix: string): string =>
      writeFile(
        'gateway.yaml',
        `permissions: rules.ts\nheaders: { all: { request: [{ propagate: { matching: "${prefix}.*" } }] } }`,
      );
    rulesFor('x-a');
    const first = await gateway();
    rulesFor('x-b');
    const second = await gateway();
    expect(second?.revision).toBe(first?.revision);
    expect(second?.takesUp?.revision).not.toBe(first?.takesUp?.revision);
    expect(second?.takesUp?.files).toEqual([path.join(folder, 'rules.ts')]);
  });

  test('refuses files that are wrong at the start in their own words, and later with what goes on', async () => {
    writeFile('supergraph.yaml', 'subgraphs: [');
    await expect(list()()).rejects.toThrow(/^Could not parse supergraph config: /);
    writeFile('supergraph.yaml', config('a'));
    const read = list();
    await read();
    writeFile('supergraph.yaml', 'subgraphs: [');
    await expect(read()).rejects.toThrow(
      'supergraph.yaml cannot be used as it is (the gateway says why); the subgraphs run on.',
    );
    writeFile('gateway.yaml', 'nonsense: 1');
    await expect(read()).rejects.toThrow(
      'The settings cannot be used as they are (the gateway says why); all runs on with those before.',
    );
  });
});
