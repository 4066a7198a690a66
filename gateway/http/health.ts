import type { FastifyInstance } from 'fastify';

export interface Readiness {
  readonly isReady: boolean;
  readonly waitingFor: readonly { readonly subgraph: string; readonly reason: string }[];
  /** With several workers: how many serve, of how many. */
  readonly workers?: { readonly up: number; readonly of: number };
}

/** What keeps a process that has a supergraph from being ready for more. */
export interface Unreadiness {
  /** What it is short of, while it refuses too many requests. */
  readonly overloaded?: string | undefined;
  /** Requests that are still answered, while it drains. */
  readonly draining?: { readonly requests: number } | undefined;
}

/**
 * `/health/live`: the process answers. `/health/ready` and `/health`: it has a supergraph in force, is not overloaded and does not
 * drain; if not, the answer is a 503 that names what it waits for.
 * Source of the body: Apollo Router, `GET /health` → `{"status":"UP"}`.
 * Probes that send HEAD get the status alone.
 */
export function registerHealth(
  app: FastifyInstance,
  readiness: () => Readiness | Promise<Readiness>,
  unreadiness: () => Unreadiness,
): void {
  const withHead = { exposeHeadRoute: true };
  app.get('/health/live', withHead, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'UP' }),
  );
  for (const path of ['/health', '/health/ready']) {
    app.get(path, withHead, async (_request, reply) => {
      const { isReady: hasSupergraph, waitingFor, workers } = await readiness();
      const { overloaded, draining } = unreadiness();
      const isReady = hasSupergraph && overloaded === undefined && draining === undefined;
      return reply
        .code(isReady ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({
          status: isReady ? 'UP' : 'DOWN',
          ...(waitingFor.length === 0 ? {} : { waiting_for: waitingFor }),
          ...(overloaded !== undefined && { overloaded }),
          ...(draining && { draining }),
          ...(workers && { workers }),
        });
    });
  }
}
