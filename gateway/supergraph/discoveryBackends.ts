import type { DiscoveryBackend } from './discoveryBackend.ts';
import { consul } from './discoveryBackends/consul.ts';
import { dns } from './discoveryBackends/dns.ts';
import { eureka } from './discoveryBackends/eureka.ts';
import { kubernetes } from './discoveryBackends/kubernetes.ts';
import { srv } from './discoveryBackends/srv.ts';
import { staticList } from './discoveryBackends/staticList.ts';
import { zookeeper } from './discoveryBackends/zookeeper.ts';

/** The ways to find instances, in the order of the documentation: from what needs nothing to what needs a registry. */
export const discoveryBackends: readonly DiscoveryBackend[] = [
  staticList,
  dns,
  srv,
  kubernetes,
  consul,
  zookeeper,
  eureka,
];

/** The backend of a URL's scheme; `undefined` for a plain URL. */
export function discoveryBackendFor(url: string): DiscoveryBackend | undefined {
  const scheme = url.slice(0, Math.max(url.indexOf(':'), 0)).toLowerCase();
  return discoveryBackends.find((backend) => backend.scheme === scheme);
}
