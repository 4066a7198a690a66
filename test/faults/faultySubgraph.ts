import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import type { Certified } from '../support/certificates.ts';
import type { StubResolvers } from '../support/stubSubgraph.ts';

/** A request as the subgraph got it. */
export interface FaultyRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Resolves when the gateway has taken the whole answer, or the connection is gone. */
  readonly ended: Promise<'answered' | 'closed'>;
}

/** The right answer, which most faults are made of. */
export interface RightAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly unknown[];
}

/** One request, and all the ways to answer it. */
export interface Conversation {
  readonly request: FaultyRequest;
  /** For what Node.js would correct, or refuse to send. None over HTTP/2, where a connection has many conversations. */
  readonly socket: Socket;
  /** Over HTTP/2 alone. */
  readonly stream: ServerHttp2Stream;
  readonly response: ServerResponse;
  /** What the schema answers; a mutation is done by it. */
  rightAnswer(): Promise<RightAnswer>;
}

/** Answers a request in another way than the schema would. What it throws ends the connection. */
export type Misbehave = (conversation: Conversation) => void | Promise<void>;

export interface FaultySubgraphOptions {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: StubResolvers;
  /** What is wrong with the answer to a request; `undefined` = nothing. */
  readonly faultOf: (request: FaultyRequest) => Misbehave | undefined;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: HTTP/1.1. `http2` is without TLS too, as clients speak it that know beforehand. */
  readonly transport?: 'http1' | 'http2' | Certified;
  /** Told of every request; then none is remembered. */
  readonly onRequest?: (request: FaultyRequest) => void;
}

/** A subgraph on the loopback interface that can do everything wrong. */
export interface FaultySubgraph {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly sdl: string;
  /** Oldest first. */
  readonly requests: readonly FaultyRequest[];
  /** Connections that are open. */
  readonly connections: number;
  /** The next request from now on. */
  nextRequest(): Promise<FaultyRequest>;
  /** Closes the port and all connections, at once. */
  goAway(): Promise<void>;
  /** Listens again, at the same port. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export async function startFaultySubgraph(options: FaultySubgraphOptions): Promise<FaultySubgraph> {
  const { name, sdl, resolvers, faultOf } = options;
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
  const requests: FaultyRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: ((request: FaultyRequest) => void)[] = [];

  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await requestOf(incoming, response);
    if (options.onRequest === undefined) requests.push(request);
    else options.onRequest(request);
    for (const resolve of waiting.splice(0)) resolve(request);
    const rightAnswer = async (): Promise<RightAnswer> => {
      const { query = '', variables } = JSON.parse(request.body) as {
        query?: string;
        variables?: Record<string, unknown>;
      };
      const contextValue = request.headers;
      return (await graphql({
        schema,
        source: query,
        variableValues: variables,
        contextValue,
      })) as RightAnswer;
    };
    const { stream } = incoming as IncomingMessage & { readonly stream: ServerHttp2Stream };
    const conversation: Conversation = { request, socket: incoming.socket, stream, response, rightAnswer };
    await (faultOf(request) ?? answerRightly)(conversation);
  };
  const server = serverFor(options.transport, (incoming, response) => {
    answer(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
  server.on('tlsClientError', () => {});
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(options.port ?? 0);
  const goAway = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    name,
    port,
    url: `${typeof options.transport === 'object' ? 'https' : 'http'}://127.0.0.1:${port}/graphql`,
    sdl,
    requests,
    get connections() {
      return sockets.size;
    },
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    goAway,
    comeBack: async () => {
      await listen(port);
    },
    close: goAway,
  };
}

/** The part of HTTP/2's own classes that is used here is that of HTTP/1.1. */
function serverFor(
  transport: FaultySubgraphOptions['transport'],
  answer: (incoming: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (transport === 'http2') {
    return createHttp2Server((incoming, response) =>
      answer(incoming as unknown as IncomingMessage, response as unknown as ServerResponse),
    );
  }
  const server =
    typeof transport === 'object' ? createTlsServer({ ...transport }, answer) : createServer(answer);
  // longer than any test, so that no connection is closed which the test has not closed
  server.keepAliveTimeout = 600_000;
  return server;
}

/** Nothing is wrong. */
export const answerRightly: Misbehave = async ({ response, rightAnswer }) => {
  const body = JSON.stringify(await rightAnswer());
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
};

async function requestOf(incoming: IncomingMessage, response: ServerResponse): Promise<FaultyRequest> {
  const ended = once(response, 'close').then(() =>
    response.writableFinished ? ('answered' as const) : ('closed' as const),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
  return { headers: incoming.headers, body: body.toString('utf8'), ended };
}
