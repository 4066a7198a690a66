import type { FastifyInstance } from 'fastify';

export interface Readiness {
  readonly isReady: boolean;
  readonly waitingFor: readonly { readonly subgraph: string; readonly reason: string }[];
  /** With several workers: how many serve, of how many. */
  readonly workers?: { readonly up: number; readonly of: number };
}

/**
 * `/health/live`: the process answers. `/health/ready` and `/health`: it has a supergraph in force; if not, the answer is
 * a 503 that names the subgraphs it waits for.
 * Source of the body: Apollo Router, `GET /health` → `{"status":"UP"}`.
 * Probes that send HEAD get the status alone.
 */
export function registerHealth(app: FastifyInstance, readiness: () => Readiness | Promise<Readiness>): void {
  const withHead = { exposeHeadRoute: true };
  app.get('/health/live', withHead, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'UP' }),
  );
  for (const path of ['/health', '/health/ready']) {
    app.get(path, withHead, async (_request, reply) => {
      const { isReady, waitingFor, workers } = await readiness();
      return reply
        .code(isReady ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({
          status: isReady ? 'UP' : 'DOWN',
          ...(waitingFor.length === 0 ? {} : { waiting_for: waitingFor }),
          ...(workers && { workers }),
        });
    });
  }
}
