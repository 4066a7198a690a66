import { readFileSync } from 'node:fs';
import path from 'node:path';
import { composeServices } from '@apollo/composition';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { freePort } from '../dev/devHarness.ts';
import {
  brokenSchemaYaml,
  type Ended,
  folder,
  removeFolder,
  runCommand,
  supergraphYaml,
  writeFile,
} from './commandHarness.ts';

afterAll(removeFolder);

/** What @apollo/composition itself makes of the two subgraphs of `supergraphYaml`. */
function expectedSdl(): string {
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';
  const { supergraphSdl } = composeServices([
    {
      name: 'products',
      url: 'http://127.0.0.1:9/products',
      typeDefs: parse(
        `${link} type Query { top: [Product!]! } type Product @key(fields: "id") { id: ID! name: String! }`,
      ),
    },
    {
      name: 'reviews',
      url: 'http://127.0.0.1:9/reviews',
      typeDefs: parse(`${link} type Product @key(fields: "id") { id: ID! stars: Float }`),
    },
  ]);
  return supergraphSdl ?? '';
}

describe('tributary compose', () => {
  test('prints the supergraph SDL and nothing else, from a file and from standard input', async () => {
    writeFile('supergraph.yaml', supergraphYaml);
    const ended = await Promise.all([
      runCommand('compose'),
      runCommand('compose --config -', { input: supergraphYaml }),
    ]);
    const stdout = `${expectedSdl().trimEnd()}\n`;
    expect(ended.map((one) => ({ ...one, stdout: `${one.stdout.trimEnd()}\n` }))).toEqual([
      { code: 0, stdout, stderr: '' },
      { code: 0, stdout, stderr: '' },
    ]);
  });

  test('--output writes a file, and makes its folder', async () => {
    writeFile('supergraph.yaml', supergraphYaml);
    expect(await runCommand('compose --output made/here.graphql')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(readFileSync(path.join(folder, 'made', 'here.graphql'), 'utf8').trim()).toBe(expectedSdl().trim());
  });

  test('--output that cannot be written is one line', async () => {
    const { code, stderr } = await runCommand('compose --output /dev/null/here.graphql --config -', {
      input: supergraphYaml,
    });
    expect([code, stderr.trim().split('\n')]).toEqual([1, [expect.stringContaining('/dev/null')]]);
  });

  test('--hints prints them to standard error', async () => {
    // INCONSISTENT_DESCRIPTION: https://www.apollographql.com/docs/graphos/reference/hints
    const input = supergraphYaml
      .replace('type Product @key', '"One" type Product @key')
      .replace(
        'type Product @key(fields: "id") { id: ID! stars',
        '"Two" type Product @key(fields: "id") { id: ID! stars',
      );
    const { code, stdout, stderr } = await runCommand('compose --config - --hints', { input });
    expect(code).toBe(0);
    expect(stdout).toContain('join__Graph');
    expect(stderr).toMatch(
      /\[INCONSISTENT_DESCRIPTION\]\n {2}Element "Product" has inconsistent descriptions/,
    );
  });
});

describe('tributary compose: what it refuses', () => {
  let ended: Readonly<Record<'schema' | 'unreachable' | 'missing' | 'syntax' | 'settings', Ended>>;
  const ports: number[] = [];

  beforeAll(async () => {
    ports.push(await freePort(), await freePort());
    const unreachable = `subgraphs:\n${ports
      .map((port) => `  s${port}: { schema: { subgraph_url: "http://127.0.0.1:${port}/" } }`)
      .join('\n')}\n  f: { routing_url: "http://f/", schema: { file: missing.graphql } }\n`;
    writeFile('wrong-settings.yaml', 'listen: { prot: 4000 }');
    const [schema, gone, missing, syntax, settings] = await Promise.all([
      runCommand('compose --config -', { input: brokenSchemaYaml }),
      runCommand('compose --config -', { input: unreachable }),
      runCommand('compose --config none.yaml'),
      runCommand('compose --config -', { input: 'subgraphs: [' }),
      runCommand('compose --config - --settings wrong-settings.yaml', { input: supergraphYaml }),
    ]);
    ended = { schema, unreachable: gone, missing, syntax, settings };
  });

  test('schemas that do not compose: every error with subgraph, line and column, exit code 4', () => {
    expect(ended.schema).toEqual({
      code: 4,
      stdout: '',
      stderr:
        'The subgraph schemas do not compose (one error):\na:1:23 [INVALID_GRAPHQL]\n  [a] Unknown type Missing\n',
    });
  });

  test('schemas that cannot be read: all of them are named, exit code 4', () => {
    const { code, stdout, stderr } = ended.unreachable;
    expect([code, stdout]).toEqual([4, '']);
    const lines = stderr.trim().split('\n').sort();
    expect(lines).toHaveLength(3);
    for (const name of ['f', ...ports.map((port) => `s${port}`)]) expect(stderr).toContain(`"${name}"`);
  });

  test('a configuration that is missing or wrong: one sentence, exit code 3', () => {
    for (const { code, stdout, stderr } of [ended.missing, ended.syntax, ended.settings]) {
      expect([code, stdout]).toEqual([3, '']);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    expect(ended.missing.stderr).toContain(path.join(folder, 'none.yaml'));
    expect(ended.syntax.stderr).toMatch(/^Could not parse supergraph config: .* at line 1, column \d+\n$/);
    expect(ended.settings.stderr).toBe(
      `${path.join(folder, 'wrong-settings.yaml')} cannot be used: listen.prot: is not a setting\n`,
    );
  });
});
