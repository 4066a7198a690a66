import type { DiscoveryBackend } from '../discoveryBackend.ts';
import { addressesOf, type DiscoverySettings } from '../discoverySettings.ts';
import { findUrlProblem, readDiscoveryUrl } from '../discoveryUrl.ts';
import { type Instance, instanceUrl } from '../instance.ts';
import { EurekaRegistry } from './eurekaRegistry.ts';
import { RegistryClient } from './registryClient.ts';

/** One copy for all subgraphs that are found there. */
const registries = new WeakMap<DiscoverySettings, EurekaRegistry>();

function registryOf(settings: DiscoverySettings): EurekaRegistry {
  let registry = registries.get(settings);
  if (registry === undefined) {
    const addresses = addressesOf(settings.eureka.url);
    registry = new EurekaRegistry(
      new RegistryClient({ name: 'Eureka', addresses, headers: {}, timeoutMs: settings.timeout_ms }),
    );
    registries.set(settings, registry);
  }
  return registry;
}

/**
 * `eureka://REVIEWS/graphql`: the instances of an application that are `UP`. The registry is read whole once, and then what
 * has changed of it.
 */
export const eureka: DiscoveryBackend = {
  scheme: 'eureka',
  example: 'eureka://REVIEWS/graphql',

  findProblem(url) {
    const problem = findUrlProblem(url, []);
    if (problem !== undefined) return problem;
    return readDiscoveryUrl(url).port === undefined ? undefined : 'must have no port: the registry says it';
  },

  open({ url, scheme, path: defaultPath, settings }) {
    const { name, path = defaultPath } = readDiscoveryUrl(url);
    const { poll_interval_ms: pollIntervalMs, prefer_ip: prefersIp } = settings.eureka;
    const registry = registryOf(settings);
    return {
      async read(signal) {
        // one that read a moment ago has read for all
        await registry.refresh({ signal, freshForMs: Math.floor(pollIntervalMs / 2) });
        const instances = registry.instancesOf(name).flatMap((registered): Instance[] => {
          const { status, host, ip, port, securePort, zone } = registered;
          if (status !== 'UP') return [];
          const isSecure = securePort !== undefined && (port === undefined || scheme === 'https');
          const instance = instanceUrl({
            scheme: isSecure ? 'https' : 'http',
            host: prefersIp && ip !== undefined ? ip : host,
            port: (isSecure ? securePort : port) ?? 0,
            path,
          });
          return instance === undefined
            ? []
            : [{ url: instance, ...(zone === undefined ? {} : { zone }), weight: 1, priority: 0 }];
        });
        return { instances, againInMs: Math.round(pollIntervalMs * (0.9 + 0.2 * Math.random())) };
      },
      close: async () => {},
    };
  },
};
