import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { isDataException } from './database.ts';
import type { SubgraphSettings } from './settings.ts';
import type { OpenedSubgraph } from './subgraph.ts';

const maxBodyBytes = 4 * 1024 * 1024;
const healthTimeoutMs = 2_000;

export interface SubgraphServer {
  readonly port: number;
  readonly url: string;
  /** Lets requests in flight end, then closes; the database stays with its owner. */
  close(): Promise<void>;
}

/**
 * Serves a subgraph: `POST /graphql` for gateways and people, `GET /health` for orchestrators.
 *
 * @throws the `EADDRINUSE` error of `listen` when the port is taken
 */
export async function serveSubgraph<Tables, Context extends object>(
  subgraph: OpenedSubgraph<Tables, Context>,
  settings: SubgraphSettings,
  log: Logger,
): Promise<SubgraphServer> {
  const options = { subgraph, settings, log };
  let current = await startApollo(subgraph.schema, options);
  let swaps = Promise.resolve();
  subgraph.liveSchema?.onChange((schema) => {
    // one after the other, so that the last schema wins
    swaps = swaps.then(async () => {
      const before = current;
      current = await startApollo(schema, options);
      // what it has begun, it ends
      await before.apollo.stop();
      log.info('serving a changed schema');
    });
    swaps.catch((error: unknown) => log.error({ err: error }, 'a changed schema cannot be served'));
  });

  const app: FastifyInstance = Fastify({
    bodyLimit: maxBodyBytes,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
  });
  app.post('/graphql', (request, reply) => current.handle.call(app, request, reply));
  app.get('/health', async (_request, reply) => {
    const up = await answersInTime(subgraph.ping());
    return reply.code(up ? 200 : 503).send({ status: up ? 'UP' : 'DOWN' });
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error, path: request.url }, 'a request failed');
    const code = status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST';
    const message = status >= 500 ? 'Internal server error' : error.message;
    return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
  });
  subgraph.routes?.(app);

  try {
    await app.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await current.apollo.stop();
    throw error;
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : settings.port;
  return {
    port,
    url: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}/graphql`,
    async close() {
      await app.close();
      await swaps.catch(() => {});
      await current.apollo.stop();
    },
  };
}

/** Apollo Server over one schema; a changed schema is served by another one. */
async function startApollo<Tables, Context extends object>(
  schema: GraphQLSchema,
  { subgraph, settings, log }: ServeParts<Tables, Context>,
) {
  const apollo = new ApolloServer<Context>({
    schema,
    nodeEnv: settings.production ? 'production' : 'development',
    // `_service`, which a gateway reads, is a field like any other and stays
    introspection: !settings.production,
    hideSchemaDetailsFromClientErrors: settings.production,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: log,
    formatError: maskError,
    plugins: [ApolloServerPluginInlineTrace(), logUnexpectedErrors(log), ...(subgraph.plugins ?? [])],
  });
  await apollo.start();
  const handle = fastifyApolloHandler(apollo, {
    context: async (request, reply) => subgraph.context(request.headers, leftSignal(reply)),
  });
  return { apollo, handle };
}

interface ServeParts<Tables, Context extends object> {
  readonly subgraph: OpenedSubgraph<Tables, Context>;
  readonly settings: SubgraphSettings;
  readonly log: Logger;
}

/** Aborted when the connection ends before the answer was written: nobody waits any more. */
function leftSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new Error('the client has gone'));
  });
  return controller.signal;
}

async function answersInTime(ping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, healthTimeoutMs, false);
  });
  const answer = ping.then(
    () => true,
    () => false,
  );
  const up = await Promise.race([answer, late]);
  clearTimeout(timer);
  return up;
}

/** A `GraphQLError` was written to be read; anything else (a database error, a bug) says nothing to clients. */
function isMeantForClients(error: unknown): boolean {
  const original = unwrapResolverError(error);
  return original instanceof GraphQLError || !(original instanceof Error);
}

function maskError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  if (isMeantForClients(error)) return formatted;
  const { locations, path } = formatted;
  const place = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
  if (isDataException(unwrapResolverError(error))) {
    const message = 'A value is out of range, or has a character that cannot be stored.';
    return { message, ...place, extensions: { code: 'BAD_USER_INPUT' } };
  }
  return { message: 'Internal server error', ...place, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
}

function logUnexpectedErrors<Context extends object>(log: Logger): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors }) {
          for (const error of errors) {
            if (isMeantForClients(error))
              log.debug({ code: error.extensions.code, path: error.path }, error.message);
            else log.error({ err: unwrapResolverError(error), path: error.path }, 'a resolver failed');
          }
        },
      };
    },
  };
}
