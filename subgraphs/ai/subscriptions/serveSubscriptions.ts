import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/fastify';
import { useServer as serveWebSockets } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { AiContext } from '../context.ts';
import { maskResult } from './maskResult.ts';

export interface SubscriptionParts {
  schema(): GraphQLSchema;
  context(request: IncomingMessage, signal: AbortSignal): AiContext;
  /** Whether the request says who asks in a way that can be believed, or does not say it. */
  isValid(request: IncomingMessage): boolean;
  /** What a client must not read of an error. */
  onUnexpected(error: unknown): void;
}

const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Serves subscriptions: graphql-ws at `/graphql` and SSE at `/graphql/stream` (both modes of graphql-sse). The gateway
 * connects by either; so may a client of its own.
 *
 * Source: github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
 */
export function serveSubscriptions(
  app: FastifyInstance,
  parts: SubscriptionParts,
): { close(): Promise<void> } {
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  const served = serveWebSockets<Record<string, unknown>, { request: IncomingMessage }>(
    {
      schema: parts.schema,
      context: ({ extra }) => {
        const controller = new AbortController();
        extra.request.socket.once('close', () => controller.abort(new Error('the client has gone')));
        return parts.context(extra.request, controller.signal);
      },
      onNext: (_context, _id, _payload, _arguments, result) => masked(result, parts),
      onError: (_context, _id, _payload, errors) =>
        maskResult({ errors }, parts.onUnexpected).errors ?? errors,
    },
    webSockets,
  );
  app.server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== '/graphql') return void socket.destroy();
    if (!parts.isValid(request))
      return void socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      webSockets.emit('connection', webSocket, request),
    );
  });

  const handle = createHandler({
    schema: parts.schema,
    context: (request) => {
      const controller = new AbortController();
      request.raw.raw.socket.once('close', () => controller.abort(new Error('the client has gone')));
      // graphql-sse takes any object
      return parts.context(request.raw.raw, controller.signal) as unknown as Record<string, unknown>;
    },
    onNext: (_context, _request, result) => masked(result as ExecutionResult, parts),
  });
  const route = { method: ['GET', 'POST', 'PUT', 'DELETE'], url: '/graphql/stream' } as const;
  app.route({
    ...route,
    method: [...route.method],
    preHandler: async (request, reply) => {
      if (!parts.isValid(request.raw)) await reply.code(401).send(unauthenticated);
    },
    handler: handle,
  });

  return {
    async close() {
      await served.dispose();
      webSockets.close();
    },
  };
}

const unauthenticated = {
  errors: [{ message: 'The caller cannot be known.', extensions: { code: 'UNAUTHENTICATED' } }],
};

function masked(result: ExecutionResult, parts: SubscriptionParts): ExecutionResult {
  return maskResult(result, parts.onUnexpected);
}
