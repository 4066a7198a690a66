import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type SecureContextOptions, TLSSocket, Server as TlsServer } from 'node:tls';
import { HeaderMap, type HTTPGraphQLRequest } from '@apollo/server';
import cors from '@fastify/cors';
import {
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import type { Logger } from 'pino';
import { type ErrorCode, GatewayError } from '../errors.ts';
import { Cancellation } from '../runtime/cancellation.ts';
import { parseWithDigitsBelow } from '../runtime/longNumber.ts';
import type { FollowedTls } from '../runtime/tls/followedTls.ts';
import type { TlsMaterial } from '../runtime/tls/tlsMaterial.ts';
import type { HeadersOfRequest } from './authenticate/credentials.ts';
import type { ClientRequest } from './clientRequest.ts';
import { type CompressionOptions, compressAnswers } from './compression.ts';
import { errorBody, jsonError, onClientError } from './errorAnswers.ts';
import { type ExplorerOptions, registerExplorerPages } from './explorer/explorerPages.ts';
import type { GraphQLAnswer } from './graphqlAnswer.ts';
import { type Readiness, registerHealth } from './health.ts';
import type { Overload } from './overload.ts';
import type { Principal } from './principal.ts';
import { withinDeadline } from './requestDeadline.ts';
import { type ArrivedRequest, type HandleGraphQL, shareEqualRequests } from './shareEqualRequests.ts';
import { addVary } from './vary.ts';

export interface HttpServerOptions {
  /** Answers one GraphQL request. */
  readonly handle: HandleGraphQL;
  /** Whether requests that are equal in everything are answered once while they are in flight. */
  readonly sharesEqualRequests: boolean;
  /**
   * Finds out who sends a request for GraphQL. It throws the GatewayError of the answer when the credentials are refused:
   * the body is then never read.
   */
  readonly authenticate: (request: HeadersOfRequest) => Promise<Principal>;
  readonly readiness: () => Readiness | Promise<Readiness>;
  /** Refuses what is too much for the process. */
  readonly overload: Pick<
    Overload,
    'admit' | 'inFlight' | 'unreadyReason' | 'noteRefusal' | 'noteUnreadAnswer'
  >;
  readonly log: Logger;
  /** Answers over TLS; the authorities are those of clients, which must then show a certificate. */
  readonly tls?: Pick<FollowedTls, 'current' | 'onChange'> | undefined;
  readonly graphqlPath: string;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** Time for the headers of a request to arrive. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request, body included, to arrive. */
  readonly requestTimeoutMs: number;
  /** Time for the answer to a request, once it has arrived. */
  readonly answerTimeoutMs: () => number;
  /** Time in which a client must read something of an answer. */
  readonly writeTimeoutMs: () => number;
  /** How long an idle connection is kept; it should be above the load balancer's. */
  readonly keepAliveTimeoutMs: number;
  /** Operations of one JSON array; 0 = no array is answered. */
  readonly maxBatchSize: number;
  /** Proxies whose `X-Forwarded-For` is believed; what any other peer says there is not. */
  readonly trustedProxies: readonly string[];
  /** Origins of browsers that may read answers; empty = none but the gateway's own. */
  readonly corsOrigins: readonly string[];
  readonly corsCredentials: boolean;
  /** `undefined` = answers are sent as they are. */
  readonly compression?: CompressionOptions | undefined;
  readonly explorer: ExplorerOptions;
}

const NO_BODY = Symbol('no body');

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request; found out on the path of GraphQL alone. */
    principal: Principal;
    /** The body as it came. */
    bytes: Buffer | undefined;
  }
}

/**
 * The HTTP server: bodies and headers within their limits, every refusal a JSON error, GraphQL at one path, health and
 * the explorer pages beside it.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { log, graphqlPath } = options;
  const app = fastify({
    logger: false,
    bodyLimit: options.maxBodyBytes,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    // what still comes over a connection that was made before the drain is answered, and is its last
    return503OnClosing: false,
    clientErrorHandler: onClientError,
    // what Fastify refuses before a route is found, such as a path that is not percent-encoded UTF-8
    frameworkErrors: (error, request, reply) => answerError(error, request, reply, log),
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    ...serverOptionsOf(options),
  });
  followCertificates(app.server, options.tls);
  app.addHook('onRequest', requireHost);
  const isDraining = closeConnectionsOnClose(app);

  acceptJsonOnly(app);
  if (options.compression !== undefined) compressAnswers(app, options.compression);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler(async (request, reply) =>
    jsonError(reply, new GatewayError('NOT_FOUND', { message: `Nothing is served at ${pathOf(request)}.` })),
  );
  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: options.corsOrigins.includes('*') ? '*' : [...options.corsOrigins],
      credentials: options.corsCredentials,
      methods: ['GET', 'POST'],
    });
  }

  app.decorateRequest('principal');
  app.decorateRequest('bytes');
  const answer = options.sharesEqualRequests
    ? shareEqualRequests(options.handle)
    : ({ client, graphqlRequest }: ArrivedRequest) => options.handle(graphqlRequest(), client);
  registerHealth(app, options.readiness, () => ({
    overloaded: options.overload.unreadyReason,
    draining: isDraining() ? { requests: options.overload.inFlight } : undefined,
  }));
  await registerExplorerPages(app, options.explorer);
  app.route({
    method: ['GET', 'POST'],
    url: graphqlPath,
    onRequest: async (request, reply) => {
      options.overload.admit(reply.raw);
      request.principal = await options.authenticate(request.raw);
    },
    handler: async (request, reply) => {
      refuseBatch(request.body, options.maxBatchSize);
      const client = clientRequestOf(request, reply);
      const response = await withinDeadline(options.answerTimeoutMs(), client.leaving, () =>
        answer({
          raw: request.raw,
          bytes: request.bytes,
          body: request.body,
          client,
          graphqlRequest: () => graphqlRequestOf(request),
        }),
      );
      if (isOverloaded(response)) options.overload.noteRefusal();
      send(reply, response, client);
      endUnreadAnswer(reply, options);
      return reply;
    },
  });
  app.route({
    method: [
      'DELETE',
      'HEAD',
      'PATCH',
      'PUT',
      'TRACE',
      ...(options.corsOrigins.length > 0 ? [] : (['OPTIONS'] as const)),
    ],
    url: graphqlPath,
    handler: async (_request, reply) => {
      reply.header('allow', 'GET, POST');
      throw new GatewayError('METHOD_NOT_ALLOWED', { message: `${graphqlPath} answers GET and POST.` });
    },
  });
  return app;
}

/**
 * Lets no connection outlive the drain. Node.js closes those that are idle when the server closes, but neither those on
 * which nothing was ever sent (browsers open such ahead of need) nor those that become idle later: each would hold up
 * the end of the process until the drain times out.
 *
 * @returns whether the server drains
 */
function closeConnectionsOnClose(app: FastifyInstance): () => boolean {
  const connections = new Set<Socket>();
  /** Over TLS: what was read of others may be no more than a handshake. */
  const used = new WeakSet<Socket>();
  const isFresh = (socket: Socket): boolean =>
    socket instanceof TLSSocket ? !used.has(socket) : socket.bytesRead === 0;
  let isClosing = false;
  const closeIfStillFresh = (socket: Socket): void => {
    setTimeout(() => {
      if (isFresh(socket)) socket.destroy();
    }, FRESH_CONNECTION_MS);
  };
  const note = (socket: Socket): void => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    // its handshake was under way
    if (isClosing) closeIfStillFresh(socket);
  };
  app.server.on('connection', note);
  if (app.server instanceof TlsServer) {
    app.server.on('secureConnection', note);
    app.server.on('request', ({ socket }: IncomingMessage) => used.add(socket));
  }
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    // a request may be on its way over one that was made just now: it is answered, and not reset
    for (const socket of connections) if (isFresh(socket)) closeIfStillFresh(socket);
  });
  return () => isClosing;
}

/** How long a connection without a request may hold up the end of the process. */
const FRESH_CONNECTION_MS = 500;

type ServerOptions = Pick<FastifyHttpOptions<HttpServer>, 'http'>;

function serverOptionsOf({ maxHeaderBytes, headersTimeoutMs, tls }: HttpServerOptions): ServerOptions {
  const http = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: 1000,
    // Node.js would answer with an empty body; `requireHost` refuses in its place
    requireHostHeader: false,
  };
  if (tls === undefined) return { http };
  const asksForCertificates = tls.current.ca !== undefined;
  const https = {
    ...http,
    ...shownBy(tls.current),
    requestCert: asksForCertificates,
    rejectUnauthorized: asksForCertificates,
    handshakeTimeout: headersTimeoutMs,
  };
  // to Fastify's types a server over TLS is another kind of instance; all that is used of it here is the same
  return { https } as ServerOptions;
}

/** Connections from now on are made by what has been replaced; those before stay. */
function followCertificates(server: HttpServer, tls: HttpServerOptions['tls']): void {
  if (!(server instanceof TlsServer)) return;
  const ignore = tls?.onChange(() => server.setSecureContext(shownBy(tls.current)));
  server.once('close', () => ignore?.());
}

function shownBy({ ca, cert, key }: TlsMaterial): SecureContextOptions {
  return { ca, cert, key, minVersion: 'TLSv1.2' };
}

/** Source: RFC 9112 §3.2, "A server MUST respond with a 400 to any HTTP/1.1 request message that lacks a Host header". */
function requireHost(
  { raw }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: GatewayError) => void,
): void {
  const isMissing = raw.httpVersion === '1.1' && raw.headers.host === undefined;
  done(isMissing ? new GatewayError('BAD_REQUEST') : undefined);
}

/**
 * A body is JSON in UTF-8, or it is refused before it is read. The types that a browser sends without a preflight get the
 * answer of the CSRF rule; so does a body without a type.
 * Source: Apollo Server, "Cross-site request forgery prevention"; GHSA-v66j-6wwf-jc57.
 */
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/([\w.-]+\+)?json\s*(;|$)/i,
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      refuseEncodings(request);
      if (body.length === 0) return NO_BODY;
      request.bytes = body;
      if (!isUtf8(body)) throw new GatewayError('BAD_REQUEST', { message: 'The body is not valid UTF-8.' });
      try {
        return parseWithDigitsBelow('variables', body.toString('utf8'));
      } catch {
        throw new GatewayError('BAD_REQUEST', { message: 'The body is not valid JSON.' });
      }
    },
  );
  app.addContentTypeParser('*', async (request: FastifyRequest) => {
    const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type === undefined || SIMPLE_TYPES.has(type)) {
      throw new GatewayError('BAD_REQUEST', {
        message: `This operation has been blocked as a potential Cross-Site Request Forgery: send \`content-type: application/json\`, not ${type ?? 'none'}.`,
      });
    }
    throw new GatewayError('INVALID_CONTENT_TYPE_HEADER', {
      message: `The content type must be application/json, not ${type.slice(0, 100)}.`,
    });
  });
}

/** Source: Fetch standard, "CORS-safelisted request-header": these need no preflight. */
const SIMPLE_TYPES = new Set(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']);

function refuseEncodings(request: FastifyRequest): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new GatewayError('INVALID_CONTENT_TYPE_HEADER', { message: 'The charset must be utf-8.' });
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new GatewayError('INVALID_CONTENT_TYPE_HEADER', { message: 'Compressed bodies are not accepted.' });
  }
}

function graphqlRequestOf(request: FastifyRequest): HTTPGraphQLRequest {
  const headers = new HeaderMap();
  for (const name in request.headers) {
    const value = request.headers[name];
    if (value !== undefined) headers.set(name, typeof value === 'string' ? value : value.join(', '));
  }
  const mark = request.url.indexOf('?');
  return {
    method: request.method,
    headers,
    search: mark === -1 ? '' : request.url.slice(mark),
    body: request.body === NO_BODY ? undefined : request.body,
  };
}

function refuseBatch(body: unknown, maxSize: number): void {
  if (!Array.isArray(body)) return;
  if (maxSize === 0) throw new GatewayError('BATCHING_NOT_ENABLED');
  if (body.length <= maxSize) return;
  throw new GatewayError('BATCH_LIMIT_EXCEEDED', {
    message: `The batch has ${body.length} operations, and ${maxSize} are allowed.`,
  });
}

function clientRequestOf(request: FastifyRequest, reply: FastifyReply): ClientRequest {
  const leaving = new Cancellation();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) leaving.cancel();
  });
  const sent = request.headers['x-request-id'];
  const body = request.body as { extensions?: ClientRequest['extensions'] } | null | undefined;
  return {
    headers: request.headers,
    extensions: typeof body === 'object' && body !== null ? body.extensions : undefined,
    principal: request.principal,
    address: request.ip,
    // an id is written into logs and headers, so only a plain one is taken over
    requestId: typeof sent === 'string' && /^[\w.:-]{1,128}$/.test(sent) ? sent : randomUUID(),
    leaving,
  };
}

function send(reply: FastifyReply, response: GraphQLAnswer, client: ClientRequest): FastifyReply {
  for (const [name, value] of response.forwarded ?? []) reply.header(name, value);
  reply.code(response.status ?? 200).header('x-request-id', client.requestId);
  for (const [name, value] of response.headers) {
    if (name === 'vary') addVary(reply, value);
    else reply.header(name, value);
  }
  // what an API answers is never a page; browsers are told so
  reply.header('x-content-type-options', 'nosniff');
  return response.body.kind === 'complete'
    ? reply.send(response.body.string)
    : reply.send(Readable.from(response.body.asyncIterator));
}

/** Of the answers with a 503, the one that says that the gateway has too much to do. */
function isOverloaded({ status, body }: GraphQLAnswer): boolean {
  return (
    status === 503 &&
    body.kind === 'complete' &&
    body.string.includes('REQUEST_CONCURRENCY_LIMITED' satisfies ErrorCode)
  );
}

/**
 * Ends the connection of a client that does not read its answer: the memory of what waits for it would be held for as long as
 * it likes. A client that reads slowly reads: Node.js begins anew with every part of a write that is taken.
 * Source: Node.js, `lib/net.js`, `Socket.prototype._onTimeout`. When the answer has been read, the timeout of idle
 * connections takes the place of this one (`lib/_http_server.js`, `resOnFinish`).
 */
function endUnreadAnswer(
  { raw, request }: FastifyReply,
  { writeTimeoutMs, overload, log }: Pick<HttpServerOptions, 'writeTimeoutMs' | 'overload' | 'log'>,
): void {
  // mostly the system has taken all of it
  if (raw.writableLength === 0) return;
  request.raw.socket.setTimeout(writeTimeoutMs());
  raw.once('timeout', () => {
    overload.noteUnreadAnswer();
    log.info({ address: request.ip }, 'a client does not read its answer; its connection is closed');
    request.raw.socket.destroy();
  });
}

/** Fastify's own refusals, by its codes, in our words. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'REQUEST_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'INVALID_CONTENT_TYPE_HEADER',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BAD_REQUEST',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BAD_REQUEST',
};

function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  if (error instanceof GatewayError) return jsonError(reply, error);
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : FASTIFY_CODES[code];
  if (known !== undefined) return jsonError(reply, new GatewayError(known));
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return jsonError(reply, new GatewayError('BAD_REQUEST'));
  }
  log.error({ err: error, path: pathOf(request) }, 'a fault ended a request');
  return reply
    .code(500)
    .type('application/json; charset=utf-8')
    .send(errorBody(new GatewayError('INTERNAL_SERVER_ERROR')));
}

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').slice(0, 200);
}
