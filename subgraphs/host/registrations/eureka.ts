import type { Register } from '../registration.ts';
import { ask, keepUp } from './keepUp.ts';

const RENEWAL_SECONDS = 10;

/**
 * Registers an instance with a lease at a Eureka server.
 * Source: Netflix Eureka wiki, "Eureka REST operations".
 */
export const registerAtEureka: Register = ({ protocol, hosts, path }, service, { log, intervalMs }) => {
  const { id, name, host, port, zone } = service;
  const application = name.toUpperCase();
  const { origin, username, password } = new URL(`${protocol}://${hosts}`);
  const headers: Record<string, string> =
    username === ''
      ? {}
      : {
          authorization: `Basic ${Buffer.from(decodeURIComponent(`${username}:${password}`)).toString('base64')}`,
        };
  const url = `${origin}${path === '' ? '/eureka' : path}/apps/${encodeURIComponent(application)}`;
  const ofInstance = `${url}/${encodeURIComponent(id)}`;
  return keepUp({
    registry: 'Eureka',
    intervalMs: intervalMs ?? RENEWAL_SECONDS * 1_000,
    log,
    async register() {
      const instance = {
        instanceId: id,
        app: application,
        hostName: host,
        ipAddr: host,
        vipAddress: name,
        status: 'UP',
        port: { $: port, '@enabled': 'true' },
        securePort: { $: 443, '@enabled': 'false' },
        healthCheckUrl: `http://${host}:${port}/health`,
        metadata: zone === undefined ? {} : { zone },
        leaseInfo: { renewalIntervalInSecs: RENEWAL_SECONDS, durationInSecs: 3 * RENEWAL_SECONDS },
        dataCenterInfo: {
          '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo',
          name: 'MyOwn',
        },
      };
      await ask(url, { method: 'POST', headers, body: { instance } }, [200, 204]);
    },
    async renew() {
      return (await ask(ofInstance, { method: 'PUT', headers }, [200, 404])) === 200;
    },
    async deregister() {
      await ask(ofInstance, { method: 'DELETE', headers }, [200, 404]);
    },
  });
};
