/**
 * A program: serves the four subgraphs of the fixture from one fast process, at `/<name>` of a free port.
 *
 * Each distinct request body is executed once and answered from memory from then on, so that what is measured is the
 * gateway. `--latency <ms>` delays every answer; `GET /count` tells how many requests there were, and how many of them
 * came without an authorization header.
 * Its parent is told `{ type: 'listening', port }` over the IPC channel, and takes it along when it ends.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { graphql } from 'graphql';
import { fixtureSubgraphs } from './fixture.ts';

const { values } = parseArgs({ options: { latency: { type: 'string', default: '0' } } });
const latencyMs = Number(values.latency);
const schemas = new Map(fixtureSubgraphs().map(({ name, schema }) => [`/${name}`, schema]));
const answers = new Map<string, Buffer>();
let count = 0;
let anonymous = 0;

async function answerTo(path: string, body: string): Promise<Buffer> {
  const schema = schemas.get(path);
  if (schema === undefined) throw new Error(`No subgraph is served at ${path}.`);
  const { query, variables, operationName } = JSON.parse(body) as {
    query: string;
    variables?: Record<string, unknown>;
    operationName?: string;
  };
  const result = await graphql({ schema, source: query, variableValues: variables, operationName });
  return Buffer.from(JSON.stringify(result));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  if (path === '/count') {
    response.end(JSON.stringify({ count, anonymous }));
    return;
  }
  count += 1;
  if (request.headers.authorization === undefined) anonymous += 1;
  const body = (await buffer(request)).toString();
  const key = `${path} ${body}`;
  const bytes = answers.get(key) ?? (await answerTo(path, body));
  answers.set(key, bytes);
  const send = (): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
    response.end(bytes);
  };
  if (latencyMs > 0) setTimeout(send, latencyMs);
  else send();
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error));
  });
});
// longer than any pause between two rounds, so that no gateway meets a connection that is being closed
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ type: 'listening', port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit(0));
