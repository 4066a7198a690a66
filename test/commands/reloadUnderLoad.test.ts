import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { supergraphOf } from '../support/runningGateway.ts';
import { killServing, removeFolder, startServing, writeFile } from './commandHarness.ts';

/*
 * The load is paced by a clock, as clients are that do not wait for each other. Five hundred requests a second for a minute,
 * with a change every two seconds, are what is promised (Cosmo, `config_hot_reload_test.go`); a test of every day has less:
 *
 *     RELOAD_SECONDS=60 RELOAD_RATE=500 npm run test:jest -- test/commands/reloadUnderLoad
 */
const seconds = Number(process.env.RELOAD_SECONDS ?? 8);
const requestsPerSecond = Number(process.env.RELOAD_RATE ?? 100);
const CHANGE_EVERY_MS = 2_000;

/** Gives back the number that it is sent, and counts what it did. */
const done = new Map<number, number>();
const subgraph = createServer(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
  const { query, variables } = JSON.parse(body) as { query: string; variables: { id: number } };
  const isMutation = query.startsWith('mutation');
  if (isMutation) done.set(variables.id, (done.get(variables.id) ?? 0) + 1);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ data: isMutation ? { add: variables.id } : { get: variables.id } }));
});

const writeSupergraph = (version: number): void => {
  const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/`;
  const sdl = `type Query { get(id: Int!): Int version${version}: Int } type Mutation { add(id: Int!): Int }`;
  writeFile('load.graphql', supergraphOf([{ name: 'a', url, sdl }]));
};
const writeSettings = (version: number): void => {
  const mark = { insert: { name: 'x-version', value: String(version) } };
  writeFile(
    'load.yaml',
    JSON.stringify({
      engine: 'compiled',
      supergraph: { poll_interval_ms: 500 },
      headers: { all: { request: [mark] } },
    }),
  );
};

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  writeSupergraph(0);
  writeSettings(0);
});
afterAll(async () => {
  agent.destroy();
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

interface Asked {
  readonly port: number;
  readonly query: string;
  readonly id: number;
}

function ask({ port, query, id }: Asked): Promise<string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(
      { port, host: '127.0.0.1', path: '/graphql', method: 'POST', agent, headers },
      async (response) => {
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve(`${response.statusCode} ${text.trim()}`);
      },
    );
    outgoing.once('error', (error) => resolve(error.message));
    outgoing.end(JSON.stringify({ query, variables: { id } }));
  });
}

describe('tributary serve: changes under load', () => {
  test(
    'of supergraph and settings in turn fail no request, and repeat no mutation',
    async () => {
      const { log, port } = await startServing([
        '--port',
        '0',
        '--supergraph',
        'load.graphql',
        '--settings',
        'load.yaml',
      ]);

      const failed: string[] = [];
      const answers: Promise<void>[] = [];
      const mutations: number[] = [];
      const askNext = (id: number): void => {
        const isMutation = id % 10 === 0;
        if (isMutation) mutations.push(id);
        const query = isMutation
          ? 'mutation ($id: Int!) { add(id: $id) }'
          : 'query ($id: Int!) { get(id: $id) }';
        const expected = `200 {"data":{"${isMutation ? 'add' : 'get'}":${id}}}`;
        answers.push(
          ask({ port, query, id }).then((answer) => {
            if (answer !== expected) failed.push(answer);
          }),
        );
      };
      let changes = 0;
      const startedAt = performance.now();
      await new Promise<void>((resolve) => {
        const pace = setInterval(() => {
          const elapsedMs = performance.now() - startedAt;
          while (answers.length < (elapsedMs / 1000) * requestsPerSecond) askNext(answers.length);
          if (elapsedMs > (changes + 1) * CHANGE_EVERY_MS) {
            changes += 1;
            if (changes % 2 === 1) writeSupergraph(changes);
            else writeSettings(changes);
          }
          if (elapsedMs < seconds * 1000) return;
          clearInterval(pace);
          resolve();
        }, 10);
      });
      await Promise.all(answers);

      const swapped = log.text.match(/"msg":"supergraph swapped"/g)?.length ?? 0;
      const reloaded = log.text.match(/"msg":"the settings have changed"/g)?.length ?? 0;
      if (process.env.RELOAD_SECONDS !== undefined) {
        const changed = `${swapped} swaps, ${reloaded} reloads of settings`;
        process.stderr.write(`${answers.length} requests, ${changed}, ${failed.length} failed\n`);
      }
      expect(failed).toEqual([]);
      expect(mutations.map((id) => done.get(id))).toEqual(mutations.map(() => 1));
      expect([swapped > 0, reloaded > 0]).toEqual([true, true]);
    },
    (seconds + 60) * 1000,
  );
});
