import type { DiscoveryBackend, DiscoveryTarget, InstanceReader } from '../discoveryBackend.ts';
import { findUrlProblem, readDiscoveryUrl } from '../discoveryUrl.ts';
import { instanceUrl, isHostName } from '../instance.ts';
import { NameServer } from './lookUp.ts';

/** `dns://reviews.internal:4004/graphql`: every A and AAAA record of a name is an instance. */
export const dns: DiscoveryBackend = {
  scheme: 'dns',
  example: 'dns://reviews.internal:4004/graphql',

  findProblem(url) {
    const problem = findUrlProblem(url, []);
    if (problem !== undefined) return problem;
    const { name, port } = readDiscoveryUrl(url);
    if (!isHostName(name)) return `names "${name}", which is no host name`;
    return port === undefined ? 'needs a port: dns://reviews.internal:4004' : undefined;
  },

  open(target) {
    const { name, port = 0, path } = readDiscoveryUrl(target.url);
    return addressReader(target, { name, port, path: path ?? target.path });
  },
};

export interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly path: string;
}

/** Reads the addresses of a name; requests carry the name in their `Host` header. */
export function addressReader(
  { scheme, settings }: DiscoveryTarget,
  { name, port, path }: NamedPort,
): InstanceReader {
  const names = new NameServer(settings);
  return {
    async read(signal) {
      const { addresses, ttlMs } = await names.addresses(name, signal);
      const instances = addresses.flatMap((address) => {
        const url = instanceUrl({ scheme, host: address, port, path });
        return url === undefined ? [] : [{ url, host: `${name}:${port}`, weight: 1, priority: 0 }];
      });
      return { instances, againInMs: ttlMs };
    },
    close: async () => {},
  };
}
