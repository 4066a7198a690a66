import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { removeFolder, runCommand, writeFile } from './commandHarness.ts';

afterAll(removeFolder);
writeFile('a.graphql', 'type Query { a: Int }');

const input = `
subgraphs:
  a:
    routing_url: \${env.A_URL:-http://127.0.0.1:1/}
    schema: { sdl: "\${file.a.graphql}" }
`;

/** Expansion as Rover documents it: https://www.apollographql.com/docs/rover/commands/supergraphs#yaml-configuration-file */
const expanded = {
  subgraphs: { a: { routing_url: 'http://a.test/', schema: { sdl: 'type Query { a: Int }' } } },
};

describe('tributary config expand', () => {
  test('prints the file with its values filled in, as YAML, or as JSON under Rover’s key', async () => {
    writeFile('supergraph.yaml', input);
    const env = { A_URL: 'http://a.test/' };
    const [yaml, json, piped] = await Promise.all([
      runCommand('config expand', { env }),
      runCommand('config expand --format json', { env }),
      runCommand('config expand --config - --format json', { env, input }),
    ]);
    expect([yaml.code, json.code, piped.code]).toEqual([0, 0, 0]);
    expect(parse(yaml.stdout)).toEqual(expanded);
    expect(JSON.parse(json.stdout)).toEqual({ expanded_config: expanded });
    expect(piped).toEqual(json);
  });

  test('refuses another format, and a variable that is not there', async () => {
    const [format, variable] = await Promise.all([
      runCommand('config expand --format xml'),
      runCommand('config expand --config -', {
        input: input.replace('A_URL:-http://127.0.0.1:1/', 'NOWHERE'),
      }),
    ]);
    expect(format).toEqual({ code: 2, stdout: '', stderr: '--format takes yaml or json, not xml.\n' });
    expect([variable.code, variable.stdout]).toEqual([3, '']);
    expect(variable.stderr).toMatch(
      /^Could not parse supergraph config: subgraphs\.a\.routing_url: .*NOWHERE.*\n$/,
    );
  });
});

describe('tributary config schema', () => {
  test('is a JSON Schema of supergraph.yaml, and with --settings of gateway.yaml', async () => {
    const [config, settings] = await Promise.all([
      runCommand('config schema'),
      runCommand('config schema --settings'),
    ]);
    expect([config.code, settings.code]).toEqual([0, 0]);
    expect(JSON.parse(config.stdout)).toMatchObject({ properties: { subgraphs: expect.anything() } });
    expect(JSON.parse(settings.stdout)).toMatchObject({
      $schema: expect.stringContaining('json-schema.org'),
      properties: { listen: expect.anything(), dev: expect.anything() },
    });
  });
});
