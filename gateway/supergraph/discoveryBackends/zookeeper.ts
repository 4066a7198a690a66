import type { DiscoveryBackend, InstanceReader } from '../discoveryBackend.ts';
import { hostAndPort, type Instance, instanceUrl } from '../instance.ts';
import { ZookeeperError, ZookeeperSession } from './zookeeperSession.ts';

/**
 * `zookeeper:///services/reviews?path=/graphql`: every child of the node is an instance, for as long as its session lives.
 * What a child holds may be what Curator's service discovery (and with it Spring Cloud) writes, a Finagle server set's
 * entry, `10.0.0.7:4004`, or nothing, when the child's name is that.
 * Source: Apache Curator, `ServiceInstance`; Twitter `ServerSet`.
 */
export const zookeeper: DiscoveryBackend = {
  scheme: 'zookeeper',
  example: 'zookeeper:///services/reviews',

  findProblem(url) {
    if (!URL.canParse(url)) return 'is not a URL';
    const { host, pathname, searchParams, hash, username } = new URL(url);
    if (host !== '' || username !== '') {
      return 'names servers, which belong under `discovery.zookeeper.servers`: zookeeper:///services/reviews';
    }
    // "zookeeper" itself is ZooKeeper's
    if (!/^(\/[^/]+)+$/.test(pathname) || /^\/zookeeper(\/|$)/.test(pathname)) {
      return 'names no node: zookeeper:///services/reviews';
    }
    if (hash !== '') return 'must have no #fragment';
    const path = searchParams.get('path');
    if (path !== null && !path.startsWith('/')) return 'has a `path` that begins with no /';
    const unknown = [...searchParams.keys()].find((key) => key !== 'path');
    return unknown === undefined ? undefined : `has the unknown parameter "${unknown}"; there is path`;
  },

  open({ url, scheme, path: defaultPath, settings }) {
    const { pathname, searchParams } = new URL(url);
    const { servers: ensemble, session_timeout_ms: sessionTimeoutMs, auth } = settings.zookeeper;
    const [servers = '', ...steps] = ensemble.split('/');
    const root = steps.filter((step) => step !== '').map((step) => `/${step}`);
    const session = new ZookeeperSession({
      servers: servers.split(',').map(serverOf),
      sessionTimeoutMs,
      timeoutMs: settings.timeout_ms,
      auth,
    });
    const node = `${root.join('')}${decodeURIComponent(pathname)}`;
    const entry = { scheme, path: searchParams.get('path') ?? defaultPath };
    return childReader(session, node, (name, data) => instanceOf(name, data, entry));
  },
};

function serverOf(text: string): { readonly host: string; readonly port: number } {
  return hostAndPort(text) ?? { host: text.replace(/^\[|\]$/g, ''), port: 2181 };
}

/** Reads the children of a node, and waits for watches to tell that they have changed. */
function childReader(
  session: ZookeeperSession,
  node: string,
  asInstance: (name: string, data: string) => Instance | undefined,
): InstanceReader {
  /** What was read of each child and has not changed since. */
  const known = new Map<string, string>();
  let hasChanged = true;
  let lost: Error | undefined;
  let wake: () => void = () => {};

  const forget = (): void => {
    known.clear();
    hasChanged = true;
  };
  const listener = {
    onEvent({ kind, path }: { readonly kind: string; readonly path: string }): void {
      if (kind === 'dataChanged' || kind === 'deleted') known.delete(path.slice(node.length + 1));
      hasChanged = true;
      wake();
    },
    onLost(error: Error): void {
      lost = error;
      wake();
    },
  };

  const changed = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (hasChanged || lost !== undefined || signal.aborted) {
        resolve();
        return;
      }
      wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
    });

  const dataOf = async (name: string): Promise<[string, string] | undefined> => {
    const data = known.get(name);
    if (data !== undefined) return [name, data];
    try {
      return [name, await session.data(`${node}/${name}`)];
    } catch (error) {
      // gone between the two reads; that its parent has changed is told
      if (error instanceof ZookeeperError && error.isNoNode) return undefined;
      throw error;
    }
  };

  const readAll = async (): Promise<readonly Instance[]> => {
    hasChanged = false;
    try {
      const names = await session.children(node);
      const entries = (await Promise.all(names.map(dataOf))).filter((entry) => entry !== undefined);
      known.clear();
      for (const [name, data] of entries) known.set(name, data);
      return entries.flatMap(([name, data]) => asInstance(name, data) ?? []);
    } catch (error) {
      if (!(error instanceof ZookeeperError && error.isNoNode)) throw error;
      known.clear();
      // nobody has registered yet; the node's coming is told, or it has come in between
      if (await session.exists(node)) hasChanged = true;
      return [];
    }
  };

  return {
    async read(signal) {
      if (session.isConnected) await changed(signal);
      if (lost !== undefined) {
        const error = lost;
        lost = undefined;
        forget();
        // told as a failure, so that the log has it; the next read connects
        throw error;
      }
      if (!session.isConnected) {
        forget();
        await session.connect(listener, signal);
      }
      try {
        return { instances: await readAll(), againInMs: 0 };
      } catch (error) {
        forget();
        throw error;
      }
    },
    close: () => session.close(),
  };
}

interface EntryDefaults {
  readonly scheme: 'http' | 'https';
  readonly path: string;
}

/** What a child says where it is. A child that says nothing of the kind is no instance. */
function instanceOf(name: string, data: string, { scheme, path }: EntryDefaults): Instance | undefined {
  const text = data.trim();
  const found: FoundEntry | undefined = text.startsWith('{')
    ? entryOf(text)
    : hostAndPort(text === '' ? name : text);
  if (found === undefined) return undefined;
  const { host, port, isSecure = false, zone } = found;
  const url = instanceUrl({ scheme: isSecure ? 'https' : scheme, host, port, path });
  return url === undefined
    ? undefined
    : { url, ...(zone === undefined ? {} : { zone }), weight: 1, priority: 0 };
}

interface FoundEntry {
  readonly host: string;
  readonly port: number;
  readonly isSecure?: boolean;
  readonly zone?: string;
}

function entryOf(text: string): FoundEntry | undefined {
  let entry: Readonly<Record<string, unknown>>;
  try {
    entry = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Finagle
  const { serviceEndpoint, status } = entry;
  if (isMap(serviceEndpoint)) {
    const { host, port } = serviceEndpoint;
    return (status === undefined || status === 'ALIVE') &&
      typeof host === 'string' &&
      typeof port === 'number'
      ? { host, port }
      : undefined;
  }
  // Curator
  const { address, port, sslPort, payload, enabled } = entry;
  if (typeof address !== 'string' || enabled === false) return undefined;
  const metadata = isMap(payload) ? (isMap(payload.metadata) ? payload.metadata : payload) : {};
  const zone = typeof metadata.zone === 'string' ? { zone: metadata.zone } : {};
  if (typeof port === 'number') return { host: address, port, ...zone };
  return typeof sslPort === 'number' ? { host: address, port: sslPort, isSecure: true, ...zone } : undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
