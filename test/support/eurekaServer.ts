import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An instance as a client registers it. */
export interface EurekaInstance {
  readonly instanceId: string;
  readonly hostName: string;
  readonly app: string;
  readonly ipAddr: string;
  readonly status: string;
  readonly port?: { readonly $: number; readonly '@enabled': string };
  readonly securePort?: { readonly $: number; readonly '@enabled': string };
  readonly metadata?: Readonly<Record<string, string>>;
  readonly dataCenterInfo?: unknown;
}

export type EurekaFailure =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'body'; readonly body: string }
  | { readonly kind: 'silent' };

/**
 * A Eureka server on loopback: registry, deltas and leases over REST.
 * Source: Netflix Eureka wiki, "Eureka REST operations"; `AbstractInstanceRegistry.getApplicationDeltas`.
 */
export interface EurekaServer {
  /** `http://127.0.0.1:40123/eureka` */
  readonly url: string;
  /** `GET /apps/delta`, oldest first. */
  readonly requests: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  readonly instances: ReadonlyMap<string, EurekaInstance>;
  failure: EurekaFailure | undefined;
  /** `eureka.server.disableDelta` */
  isDeltaDisabled: boolean;
  /** Lists with one element are written as the element: what servers before Jackson do. */
  unwrapsSingle: boolean;
  put(instance: EurekaInstance): void;
  remove(instanceId: string): void;
  /** What changed is no longer in the delta, as after three minutes. */
  dropDelta(): void;
  /** Forgets every instance, as a server that restarts does. */
  forget(): void;
  nextRequest(matching: string): Promise<string>;
  close(): Promise<void>;
}

export function eurekaInstance(
  app: string,
  instanceId: string,
  port: number,
  more: Partial<EurekaInstance> = {},
): EurekaInstance {
  return {
    instanceId,
    hostName: '127.0.0.1',
    app,
    ipAddr: '127.0.0.1',
    status: 'UP',
    port: { $: port, '@enabled': 'true' },
    securePort: { $: 443, '@enabled': 'false' },
    metadata: {},
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    ...more,
  };
}

export async function startEurekaServer(): Promise<EurekaServer> {
  const instances = new Map<string, EurekaInstance>();
  let delta: { actionType: string; instance: EurekaInstance }[] = [];
  let version = 1;
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  let listeners: ((line: string) => void)[] = [];

  const hash = (): string => {
    const counts: Record<string, number> = {};
    for (const { status } of instances.values()) counts[status] = (counts[status] ?? 0) + 1;
    return Object.keys(counts)
      .sort()
      .map((status) => `${status}_${counts[status]}_`)
      .join('');
  };

  const applications = (listed: readonly { instance: EurekaInstance; actionType?: string }[]): unknown => {
    const list = (items: unknown[]): unknown =>
      server.unwrapsSingle && items.length === 1 ? items[0] : items;
    const names = [...new Set(listed.map(({ instance }) => instance.app))];
    return {
      applications: {
        versions__delta: String(version),
        apps__hashcode: hash(),
        application: list(
          names.map((name) => ({
            name,
            instance: list(
              listed
                .filter(({ instance }) => instance.app === name)
                .map(({ instance, actionType }) => ({ ...instance, actionType: actionType ?? 'ADDED' })),
            ),
          })),
        ),
      },
    };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const [, , app, id = ''] = path.split('/').map(decodeURIComponent);
    if (request.method === 'GET' && path === '/apps') {
      json(response, applications([...instances.values()].map((instance) => ({ instance }))));
    } else if (request.method === 'GET' && path === '/apps/delta') {
      if (server.isDeltaDisabled) response.writeHead(403).end();
      else json(response, applications(delta));
    } else if (request.method === 'POST' && app !== undefined) {
      const { instance } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { instance: EurekaInstance };
      server.put(instance);
      response.writeHead(204).end();
    } else if (request.method === 'PUT' && id !== '') {
      response.writeHead(instances.has(id) ? 200 : 404).end();
    } else if (request.method === 'DELETE' && id !== '') {
      const isThere = instances.has(id);
      if (isThere) server.remove(id);
      response.writeHead(isThere ? 200 : 404).end();
    } else response.writeHead(404).end();
  };

  const http = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/eureka/, '');
    const line = `${request.method} ${path}`;
    requests.push(line);
    authorizations.push(request.headers.authorization);
    for (const listener of [...listeners]) listener(line);
    const { failure } = server;
    if (failure?.kind === 'silent') return;
    if (failure?.kind === 'status') response.writeHead(failure.status).end();
    else if (failure?.kind === 'body') response.writeHead(200).end(failure.body);
    else void answer(request, response, path);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');

  const server: EurekaServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/eureka`,
    requests,
    authorizations,
    instances,
    failure: undefined,
    isDeltaDisabled: false,
    unwrapsSingle: false,
    put(instance) {
      const actionType = instances.has(instance.instanceId) ? 'MODIFIED' : 'ADDED';
      instances.set(instance.instanceId, instance);
      delta.push({ actionType, instance });
      version += 1;
    },
    remove(instanceId) {
      const instance = instances.get(instanceId);
      if (instance === undefined) throw new Error(`no instance ${instanceId}`);
      instances.delete(instanceId);
      delta.push({ actionType: 'DELETED', instance });
      version += 1;
    },
    dropDelta() {
      delta = [];
    },
    forget() {
      instances.clear();
      delta = [];
    },
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

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
