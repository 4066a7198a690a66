import type { DiscoveryBackend } from '../discoveryBackend.ts';
import { findUrlProblem, readDiscoveryUrl } from '../discoveryUrl.ts';
import { isHostName } from '../instance.ts';
import { addressReader } from './dns.ts';
import { serviceReader } from './srv.ts';

/**
 * `kubernetes://reviews.shop:4004/graphql`: the pods of a headless service, by the cluster's DNS; no access to the
 * cluster's API is needed. Without a port the service's port named `http` (or `https`) is looked up:
 * `_http._tcp.reviews.shop.svc.cluster.local`. A service that is not headless gives its one virtual address.
 * Source: Kubernetes, "DNS for Services and Pods", records for headless services.
 */
export const kubernetes: DiscoveryBackend = {
  scheme: 'kubernetes',
  example: 'kubernetes://reviews.shop:4004/graphql',

  findProblem(url) {
    const problem = findUrlProblem(url, []);
    if (problem !== undefined) return problem;
    const { name } = readDiscoveryUrl(url);
    return isHostName(name) && name.split('.').length <= 2
      ? undefined
      : `names "${name}"; expected a service, or a service and its namespace: kubernetes://reviews.shop`;
  },

  open(target) {
    const { name, port, path = target.path } = readDiscoveryUrl(target.url);
    const { namespace, cluster_domain } = target.settings.kubernetes;
    const [service = '', ownNamespace = namespace] = name.split('.');
    const full = `${service}.${ownNamespace}.svc.${cluster_domain}`;
    return port === undefined
      ? serviceReader(target, { name: `_${target.scheme}._tcp.${full}`, path })
      : addressReader(target, { name: full, port, path });
  },
};
