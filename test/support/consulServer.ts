import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service instance as an agent has it. */
export interface ConsulService {
  readonly ID: string;
  readonly Name: string;
  readonly Address?: string;
  readonly Port: number;
  readonly Tags?: readonly string[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly Check?: {
    readonly TTL?: string;
    readonly Status?: string;
    readonly DeregisterCriticalServiceAfter?: string;
  };
}

export type ConsulFailure =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'body'; readonly body: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'cut' };

/**
 * An agent of Consul on loopback: `GET /v1/health/service/:service` with blocking queries, and the agent's API for services
 * with TTL checks.
 * Source: Consul HTTP API: "Health", "Agent > Service", "Agent > Check", "Blocking Queries".
 */
export interface ConsulServer {
  readonly url: string;
  /** Paths with queries, oldest first: `GET /v1/health/service/reviews?passing=true`. */
  readonly requests: readonly { readonly line: string; readonly token: string | undefined }[];
  readonly services: ReadonlyMap<string, ConsulService & { status: string }>;
  /** `X-Consul-Index` of the next answer; setting it wakes those that wait for another. */
  index: number;
  failure: ConsulFailure | undefined;
  /** A token that requests must carry. */
  token: string | undefined;
  node: { Address: string; Meta?: Record<string, string> };
  register(service: ConsulService, status?: 'passing' | 'warning' | 'critical'): void;
  deregister(id: string): void;
  /** Forgets all, as an agent without a data directory does when it restarts. */
  forget(): void;
  /** Ends the connections of the queries that wait. */
  cutWaiting(): void;
  /** Resolves when a query waits. */
  waiting(): Promise<void>;
  nextRequest(matching: string): Promise<string>;
  close(): Promise<void>;
}

export async function startConsulServer(port = 0): Promise<ConsulServer> {
  const services = new Map<string, ConsulService & { status: string }>();
  const requests: { line: string; token: string | undefined }[] = [];
  const blocked = new Set<{ readonly index: number; readonly response: ServerResponse; wake(): void }>();
  let listeners: ((line: string) => void)[] = [];
  let index = 10;

  const changed = (): void => {
    index += 1;
    for (const query of [...blocked]) query.wake();
  };

  const health = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const name = decodeURIComponent(url.pathname.slice('/v1/health/service/'.length));
    const asked = Number(url.searchParams.get('index') ?? 0);
    // "blocking" only while nothing is newer than what was asked for
    if (asked > 0 && asked >= index) {
      const waitMs = durationMs(url.searchParams.get('wait') ?? '5m');
      await new Promise<void>((resolve) => {
        const query = {
          index: asked,
          response,
          wake: () => {
            if (index === asked) return;
            end();
          },
        };
        const end = (): void => {
          clearTimeout(timer);
          request.socket.off('close', end);
          blocked.delete(query);
          resolve();
        };
        const timer = setTimeout(end, waitMs);
        blocked.add(query);
        request.socket.once('close', end);
        for (const resolveWaiting of waiters.splice(0)) resolveWaiting();
      });
    }
    if (response.destroyed) return;
    const tags = url.searchParams.getAll('tag');
    const found = [...services.values()]
      .filter((service) => service.Name === name)
      .filter(({ status }) => !url.searchParams.has('passing') || status === 'passing')
      .filter(({ Tags = [] }) => tags.every((tag) => Tags.includes(tag)))
      .map(({ ID, Name, Address = '', Port, Tags = [], Meta = {}, Weights, status }) => ({
        Node: {
          ID: 'n1',
          Node: 'node-1',
          Datacenter: 'dc1',
          Meta: server.node.Meta ?? null,
          Address: server.node.Address,
        },
        Service: {
          ID,
          Service: Name,
          Tags,
          Address,
          Meta,
          Port,
          Weights: Weights ?? { Passing: 1, Warning: 1 },
        },
        Checks: [{ Node: 'node-1', CheckID: `service:${ID}`, Status: status, ServiceID: ID }],
      }));
    send(response, 200, JSON.stringify(found), {
      'x-consul-index': String(index),
      'x-consul-knownleader': 'true',
    });
  };

  const agent = async (
    request: IncomingMessage,
    response: ServerResponse,
    { pathname }: URL,
  ): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const [, , , kind, action, argument = ''] = pathname.split('/').map(decodeURIComponent);
    if (kind === 'service' && action === 'register') {
      const service = JSON.parse(Buffer.concat(chunks).toString('utf8')) as ConsulService;
      server.register(service, (service.Check?.Status ?? 'critical') as 'passing');
      send(response, 200, '');
    } else if (kind === 'service' && action === 'deregister') {
      if (!services.has(argument)) return send(response, 404, `Unknown service ID "${argument}".`);
      server.deregister(argument);
      send(response, 200, '');
    } else if (kind === 'check' && action === 'pass') {
      const service = services.get(argument.replace(/^service:/, ''));
      if (service === undefined) return send(response, 404, `Unknown check ID "${argument}".`);
      if (service.status !== 'passing') {
        service.status = 'passing';
        changed();
      }
      send(response, 200, '');
    } else send(response, 404, '');
  };

  const waiters: (() => void)[] = [];
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://consul');
    const line = `${request.method} ${request.url}`;
    const token = request.headers['x-consul-token'];
    requests.push({ line, token: typeof token === 'string' ? token : undefined });
    for (const listener of [...listeners]) listener(line);
    const { failure } = server;
    if (failure?.kind === 'silent') return;
    if (failure?.kind === 'cut') request.socket.resetAndDestroy();
    else if (failure?.kind === 'status') send(response, failure.status, failure.body ?? '');
    else if (failure?.kind === 'body') send(response, 200, failure.body, { 'x-consul-index': String(index) });
    else if (server.token !== undefined && token !== server.token)
      send(response, 403, 'Permission denied: token with AccessorID lacks permission');
    else if (url.pathname.startsWith('/v1/health/service/')) void health(request, response, url);
    else if (url.pathname.startsWith('/v1/agent/')) void agent(request, response, url);
    else send(response, 404, '');
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');

  const server: ConsulServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    services,
    get index() {
      return index;
    },
    set index(next) {
      index = next;
      for (const query of [...blocked]) query.wake();
    },
    failure: undefined,
    token: undefined,
    node: { Address: '127.0.0.1' },
    register(service, status = 'passing') {
      services.set(service.ID, { ...service, status });
      changed();
    },
    deregister(id) {
      services.delete(id);
      changed();
    },
    forget() {
      services.clear();
      index = 1;
    },
    cutWaiting() {
      for (const { response } of blocked) response.destroy();
    },
    waiting: () => new Promise((resolve) => (blocked.size > 0 ? resolve() : waiters.push(resolve))),
    nextRequest: (matching) =>
      new Promise((resolve) => {
        const listener = (line: string): void => {
          if (!line.includes(matching)) return;
          listeners = listeners.filter((each) => each !== listener);
          resolve(line);
        };
        listeners.push(listener);
      }),
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
  return server;
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

/** `55s`, `5m`, `100ms` */
function durationMs(text: string): number {
  const [, count = '0', unit = 's'] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  return Number(count) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
}
