import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLFieldResolver, type GraphQLSchema, graphql, parse } from 'graphql';

type Resolver = GraphQLFieldResolver<unknown, unknown>;

/** Resolvers by type and field; `__resolveReference` of an entity is given its representation. */
export type StubResolvers = Readonly<
  Record<string, Readonly<Record<string, Resolver | ((reference: Record<string, unknown>) => unknown)>>>
>;

/** A request that a stub got, as it came. */
export interface StubRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** Resolves when the answer is complete, or the gateway has closed the connection before. */
  readonly ended: Promise<'answered' | 'closed'>;
}

/** An answer in place of that of the schema. */
export type StubAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** Nothing is sent before this has resolved. */
      readonly after?: Promise<unknown>;
    }
  /** The connection is reset without a byte. */
  | 'reset'
  /** The test writes the answer, or parts of it, itself. */
  | ((response: ServerResponse, request: IncomingMessage) => void);

/** A federation subgraph inside the test's process, on a free port of the loopback interface. */
export interface StubSubgraph {
  readonly name: string;
  readonly url: string;
  /** `127.0.0.1:40123`: what no client may read. */
  readonly host: string;
  readonly sdl: string;
  /** Everything it was asked, oldest first, the reads of its SDL included. */
  readonly requests: readonly StubRequest[];
  /** Answers instead of the schema for as long as it is set. */
  answer: StubAnswer | undefined;
  setSchema(sdl: string, resolvers?: StubResolvers): void;
  /** The next request from now on. */
  nextRequest(): Promise<StubRequest>;
  close(): Promise<void>;
}

export async function startStubSubgraph(
  name: string,
  sdl: string,
  resolvers: StubResolvers = {},
): Promise<StubSubgraph> {
  const requests: StubRequest[] = [];
  let schema = schemaOf(sdl, resolvers);
  let waiting: ((request: StubRequest) => void)[] = [];

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const stubRequest = requestOf(bytes.toString('utf8'), request, response);
    requests.push(stubRequest);
    for (const resolve of waiting) resolve(stubRequest);
    waiting = [];
    await send({ stub, schema, stubRequest, request, response });
  });
  // a client that goes away in the middle of its request is no fault of the stub
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const stub: StubSubgraph & { sdl: string } = {
    name,
    url: `http://${host}/graphql`,
    host,
    sdl,
    requests,
    answer: undefined,
    setSchema(nextSdl, nextResolvers = {}) {
      schema = schemaOf(nextSdl, nextResolvers);
      stub.sdl = nextSdl;
    },
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return stub;
}

function schemaOf(sdl: string, resolvers: StubResolvers): GraphQLSchema {
  return buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
}

function requestOf(body: string, { headers }: IncomingMessage, response: ServerResponse): StubRequest {
  const { query = '', variables } = JSON.parse(body) as Partial<StubRequest>;
  const ended = once(response, 'close').then(() => (response.writableFinished ? 'answered' : 'closed'));
  return { query, variables, body, headers, ended };
}

interface Exchange {
  readonly stub: StubSubgraph;
  readonly schema: GraphQLSchema;
  readonly stubRequest: StubRequest;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function send({ stub, schema, stubRequest, request, response }: Exchange): Promise<void> {
  const { answer } = stub;
  if (typeof answer === 'function') return answer(response, request);
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (answer !== undefined) {
    await answer.after;
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body ?? '');
    return;
  }
  const { query: source, variables } = stubRequest;
  // resolvers find the request headers in their context
  const result = await graphql({ schema, source, variableValues: variables, contextValue: request.headers });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(result));
}
