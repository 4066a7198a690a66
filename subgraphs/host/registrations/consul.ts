import type { Register } from '../registration.ts';
import { ask, keepUp } from './keepUp.ts';

const TTL_SECONDS = 10;

/**
 * Registers a service with a TTL check at a Consul agent: an instance that renews no more is critical after the TTL, and
 * forgotten a minute later.
 * Source: Consul HTTP API, "Agent > Service" and "Agent > Check".
 */
export const registerAtConsul: Register = (
  { protocol, hosts, path, token },
  service,
  { log, intervalMs },
) => {
  const agent = `${protocol}://${hosts}${path}/v1/agent`;
  const headers: Record<string, string> = token === undefined ? {} : { 'x-consul-token': token };
  const { id, name, host, port, zone } = service;
  return keepUp({
    registry: 'Consul',
    // two renewals may be lost
    intervalMs: intervalMs ?? (TTL_SECONDS * 1_000) / 3,
    log,
    async register() {
      const body = {
        ID: id,
        Name: name,
        Address: host,
        Port: port,
        Meta: zone === undefined ? {} : { zone },
        Check: { TTL: `${TTL_SECONDS}s`, Status: 'passing', DeregisterCriticalServiceAfter: '1m' },
      };
      await ask(`${agent}/service/register`, { method: 'PUT', headers, body }, [200]);
    },
    async renew() {
      const url = `${agent}/check/pass/service:${encodeURIComponent(id)}`;
      return (await ask(url, { method: 'PUT', headers }, [200, 404])) === 200;
    },
    async deregister() {
      await ask(
        `${agent}/service/deregister/${encodeURIComponent(id)}`,
        { method: 'PUT', headers },
        [200, 404],
      );
    },
  });
};
