import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canListen, freePort } from '../dev/devHarness.ts';
import {
  brokenSchemaYaml,
  killServing,
  removeFolder,
  runCommand,
  type Serving,
  startCommand,
  startServing,
  supergraphYaml,
  writeFile,
} from './commandHarness.ts';

/** A subgraph that answers when the test says so. */
const held: ServerResponse[] = [];
const subgraph = createServer((_request, response) => {
  held.push(response);
  subgraph.emit('held');
});
const subgraphYaml = (): string => `
subgraphs:
  slow:
    routing_url: http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/
    schema: { sdl: "type Query { slow: Int }" }
`;

const started: ChildProcess[] = [];

const serve = (line: string, env?: Readonly<Record<string, string>>): Promise<Serving> =>
  startServing(line.split(' ').filter(Boolean), env);

async function ask(url: string, query: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  writeFile('slow.yaml', subgraphYaml());
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

describe('tributary serve: a start that fails', () => {
  test('for a supergraph.yaml or gateway.yaml that is wrong or missing: one sentence, exit code 3', async () => {
    writeFile('broken.yaml', 'subgraphs: [');
    writeFile('wrong-settings.yaml', 'listen: { prot: 4000 }');
    const ended = await Promise.all([
      runCommand('serve --port 0 --config broken.yaml'),
      runCommand('serve --port 0 --config none.yaml'),
      runCommand('serve --config slow.yaml --settings wrong-settings.yaml'),
      runCommand('serve --config slow.yaml', { env: { PORT: 'abc' } }),
    ]);
    for (const { code, stdout, stderr } of ended) {
      expect([code, stdout]).toEqual([3, '']);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    const sentences = [
      /^Could not parse supergraph config: .* at line 1/,
      /none\.yaml" not found/,
      /wrong-settings\.yaml cannot be used: listen\.prot: is not a setting$/m,
      /^The settings cannot be used: PORT: /,
    ];
    sentences.forEach((sentence, index) => {
      expect(ended[index]?.stderr).toMatch(sentence);
    });
  });

  test('for subgraphs that do not compose, or a supergraph that is none: exit code 4', async () => {
    writeFile('broken-schema.yaml', brokenSchemaYaml);
    writeFile('none.graphql', 'type Query { a: Int }');
    const [schemas, composed] = await Promise.all([
      runCommand('serve --port 0 --config broken-schema.yaml'),
      runCommand('serve --port 0 --supergraph none.graphql'),
    ]);
    expect([schemas.code, composed.code]).toEqual([4, 4]);
    expect(schemas.stderr).toBe(
      'The subgraph schemas do not compose (one error):\na:1:23 [INVALID_GRAPHQL]\n  [a] Unknown type Missing\n',
    );
    expect(composed.stderr).not.toMatch(/^ {4}at /m);
  });

  test('for a taken port: one sentence, exit code 5', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await runCommand(`serve --config slow.yaml --port ${port}`);
    other.close();
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toBe(
      `Port ${port} on 127.0.0.1 is taken by another process; stop it, or choose a port with --port or PORT.\n`,
    );
  });
});

describe('tributary serve: what it reads', () => {
  test('a composed supergraph by --supergraph or SUPERGRAPH, and PORT; flags win over the environment', async () => {
    writeFile('supergraph.yaml', supergraphYaml);
    expect((await runCommand('compose --output composed.graphql')).code).toBe(0);
    const [port, other] = [await freePort(), await freePort()];
    const wrong = { SUPERGRAPH: 'none', SUPERGRAPH_CONFIG: 'none', PORT: '1', HOST: '203.0.113.1' };
    const [byEnvironment, byConfig, byFlags, configByFlags] = await Promise.all([
      serve('', { SUPERGRAPH: 'composed.graphql', PORT: String(port) }),
      serve('--port 0', { SUPERGRAPH_CONFIG: 'slow.yaml' }),
      serve(`--supergraph composed.graphql --host 127.0.0.1 --port ${other}`, wrong),
      serve('--config slow.yaml --host 127.0.0.1 --port 0', wrong),
    ]);
    expect([byEnvironment.url, byFlags.url]).toEqual([
      `http://127.0.0.1:${port}`,
      `http://127.0.0.1:${other}`,
    ]);
    const names = await Promise.all(
      [byEnvironment, byConfig, byFlags, configByFlags].map(({ url }) =>
        ask(url, '{ __schema { queryType { fields { name } } } }'),
      ),
    );
    const fields = (name: string): unknown => ({ data: { __schema: { queryType: { fields: [{ name }] } } } });
    expect(names).toEqual(['top', 'slow', 'top', 'slow'].map(fields));
    for (const { child } of [byEnvironment, byConfig, byFlags, configByFlags]) child.kill('SIGKILL');
  });
});

describe('tributary serve: the end', () => {
  test('SIGTERM answers the request in flight, frees the port, and ends with 0', async () => {
    const { child, log, url, ended } = await serve('--config slow.yaml --port 0');
    const isHeld = once(subgraph, 'held');
    const answer = ask(url, '{ slow }');
    await isHeld;
    child.kill('SIGTERM');
    await log.waitFor(/"msg":"draining"/);
    expect(child.exitCode).toBeNull();
    held.pop()?.setHeader('content-type', 'application/json').end('{"data":{"slow":1}}');
    expect(await answer).toEqual({ data: { slow: 1 } });
    expect(await ended).toEqual([0, null]);
    expect(await canListen(Number(new URL(url).port))).toBe(true);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'a second signal, %s, takes nothing of what was promised',
    async (second) => {
      const { child, log, url, ended } = await serve('--config slow.yaml --port 0');
      const isHeld = once(subgraph, 'held');
      const answer = ask(url, '{ slow }');
      await isHeld;
      child.kill('SIGTERM');
      await log.waitFor(/"msg":"draining"/);
      child.kill(second);
      held.pop()?.setHeader('content-type', 'application/json').end('{"data":{"slow":1}}');
      expect(await answer).toEqual({ data: { slow: 1 } });
      expect(await ended).toEqual([0, null]);
    },
  );

  test('a supervisor learns that it listens, and its end is the end', async () => {
    const child = startCommand(['serve', '--config', 'slow.yaml', '--port', '0'], {}, [
      'ignore',
      'ignore',
      'ignore',
      'ipc',
    ]);
    started.push(child);
    const ended = once(child, 'exit');
    expect(await once(child, 'message')).toEqual([{ type: 'listening' }, undefined]);
    child.disconnect();
    expect(await ended).toEqual([0, null]);
  });

  test('a supervisor that is gone before all is loaded ends it, too', async () => {
    const child = startCommand(['serve', '--config', 'slow.yaml', '--port', '0'], {}, [
      'ignore',
      'ignore',
      'ignore',
      'ipc',
    ]);
    started.push(child);
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([0, null]);
  });
});
