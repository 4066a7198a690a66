import type { DiscoveryBackend } from '../discoveryBackend.ts';
import { addressesOf } from '../discoverySettings.ts';
import { findUrlProblem, readDiscoveryUrl } from '../discoveryUrl.ts';
import { type Instance, instanceUrl } from '../instance.ts';
import { EurekaRegistry } from './eurekaRegistry.ts';
import { RegistryClient } from './registryClient.ts';

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
    const { url: addresses, poll_interval_ms: pollIntervalMs, prefer_ip: prefersIp } = settings.eureka;
    const registry = new EurekaRegistry(
      new RegistryClient({
        name: 'Eureka',
        addresses: addressesOf(addresses),
        headers: {},
        timeoutMs: settings.timeout_ms,
      }),
    );
    return {
      async read(signal) {
        await registry.refresh(signal);
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
