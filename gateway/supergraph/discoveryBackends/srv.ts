import type { DiscoveryBackend, DiscoveryTarget, InstanceReader } from '../discoveryBackend.ts';
import { findUrlProblem, readDiscoveryUrl } from '../discoveryUrl.ts';
import { type Instance, instanceUrl, isHostName } from '../instance.ts';
import { NameServer, type ServiceRecord } from './lookUp.ts';

/** `srv://_http._tcp.reviews.internal/graphql`: SRV records give hosts with ports, priorities and weights. */
export const srv: DiscoveryBackend = {
  scheme: 'srv',
  example: 'srv://_http._tcp.reviews.internal/graphql',

  findProblem(url) {
    const problem = findUrlProblem(url, []);
    if (problem !== undefined) return problem;
    const { name, port } = readDiscoveryUrl(url);
    if (!isHostName(name)) return `names "${name}", which is no host name`;
    return port === undefined ? undefined : 'must have no port: the SRV records say it';
  },

  open(target) {
    const { name, path } = readDiscoveryUrl(target.url);
    return serviceReader(target, { name, path: path ?? target.path });
  },
};

/** Reads SRV records, and the addresses of what they name. */
export function serviceReader(
  { scheme, settings }: DiscoveryTarget,
  { name, path }: { readonly name: string; readonly path: string },
): InstanceReader {
  const names = new NameServer(settings);

  const instancesOf = async (
    record: ServiceRecord,
    signal: AbortSignal,
  ): Promise<{ readonly instances: readonly Instance[]; readonly ttlMs: number }> => {
    const { addresses, ttlMs } = await names.addresses(record.name, signal);
    const instances = addresses.flatMap((address) => {
      const url = instanceUrl({ scheme, host: address, port: record.port, path });
      if (url === undefined) return [];
      // "The presence of records containing weights greater than zero"; 0 is "a very small chance": RFC 2782
      const weight = record.weight === 0 ? 0.01 : record.weight / addresses.length;
      return [{ url, host: `${record.name}:${record.port}`, weight, priority: record.priority }];
    });
    return { instances, ttlMs };
  };

  /** Of each target, so that one whose look-up fails stays as it was and takes no other along. */
  let known: ReadonlyMap<string, readonly Instance[]> = new Map();

  return {
    async read(signal) {
      const records = await names.services(name, signal);
      const found = await Promise.allSettled(records.map((record) => instancesOf(record, signal)));
      const [failure] = found.filter((each) => each.status === 'rejected');
      let againInMs = settings.dns.max_ttl_ms;
      const next = new Map<string, readonly Instance[]>();
      for (const [at, record] of records.entries()) {
        const each = found[at];
        const target = `${record.name}:${record.port}`;
        if (each?.status === 'fulfilled') againInMs = Math.min(againInMs, each.value.ttlMs);
        const instances = each?.status === 'fulfilled' ? each.value.instances : known.get(target);
        if (instances !== undefined) next.set(target, instances);
      }
      if (next.size === 0 && failure !== undefined) throw failure.reason;
      known = next;
      return { instances: [...next.values()].flat(), againInMs };
    },
    close: async () => {},
  };
}
