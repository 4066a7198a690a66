import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import {
  type Announcement,
  announcedHost,
  type Registration,
  readRegistry,
} from '../../../subgraphs/host/registration.ts';
import { registrations } from '../../../subgraphs/host/registrations.ts';
import { type ConsulServer, startConsulServer } from '../../support/consulServer.ts';
import { type EurekaServer, startEurekaServer } from '../../support/eurekaServer.ts';
import { freePorts } from '../../support/freePorts.ts';
import { findZookeeper, startZookeeperServer, type ZookeeperServer } from '../../support/zookeeperServer.ts';
import { ZookeeperWriter } from '../../support/zookeeperWriter.ts';

const started: { close(): Promise<void> | void }[] = [];
const kept: Registration[] = [];
let lines: string[] = [];
afterEach(async () => {
  await Promise.all(kept.splice(0).map((registration) => registration.end()));
  for (const one of started.splice(0).reverse()) await one.close();
  lines = [];
});
const track = <Server extends { close(): Promise<void> | void }>(server: Server): Server => {
  started.push(server);
  return server;
};

const reviews: Announcement = {
  name: 'reviews',
  id: 'reviews-10.0.0.7-4004',
  host: '10.0.0.7',
  port: 4004,
  zone: 'eu-1',
};

function register(url: string, intervalMs?: number): Registration {
  const registry = readRegistry(url, 's3cret');
  if (registry === undefined) throw new Error(`${url} is no registry`);
  const registration = registrations[registry.kind](registry, reviews, {
    log: pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line).msg) }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
  });
  kept.push(registration);
  return registration;
}

/** Waits for a line of the log. */
async function logged(line: string): Promise<void> {
  while (!lines.includes(line)) await new Promise((resolve) => setImmediate(resolve));
}

describe('registration: the setting', () => {
  test.each([
    ['consul://127.0.0.1:8500', { kind: 'consul', protocol: 'http', hosts: '127.0.0.1:8500', path: '' }],
    [
      'consul+https://consul.internal/',
      { kind: 'consul', protocol: 'https', hosts: 'consul.internal', path: '' },
    ],
    ['eureka://h:8761/eureka/', { kind: 'eureka', protocol: 'http', hosts: 'h:8761', path: '/eureka' }],
    [
      'zookeeper://a:1,b:2/services',
      { kind: 'zookeeper', protocol: 'http', hosts: 'a:1,b:2', path: '/services' },
    ],
  ])('%s', (text, registry) => {
    expect(readRegistry(text, undefined)).toEqual({ ...registry, token: undefined });
  });

  test.each([
    'consul',
    'consul://',
    'etcd://a',
    'zookeeper+https://a',
    'consul://a:b',
    'consul://a b',
    'http://a',
  ])('%s is none', (text) => {
    expect(readRegistry(text, undefined)).toBeUndefined();
  });

  test('announces the address that it listens on, or one of the machine where that is all of them', () => {
    expect([announcedHost('10.0.0.7'), announcedHost('0.0.0.0')]).toEqual([
      '10.0.0.7',
      expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
    ]);
  });
});

describe('registration: at Consul', () => {
  const consul = async (port?: number): Promise<ConsulServer> => track(await startConsulServer(port));

  test('has address, zone and a TTL check that passes, and is gone at the end', async () => {
    const server = await consul();
    server.token = 's3cret';
    const registration = register(server.url.replace('http', 'consul'));
    await logged('registered at Consul');
    const [service] = server.services.values();
    await registration.end();
    expect([service, server.services.size]).toEqual([
      {
        ID: 'reviews-10.0.0.7-4004',
        Name: 'reviews',
        Address: '10.0.0.7',
        Port: 4004,
        Meta: { zone: 'eu-1' },
        Check: { TTL: '10s', Status: 'passing', DeregisterCriticalServiceAfter: '1m' },
        status: 'passing',
      },
      0,
    ]);
  });

  test('is renewed, and made again when the agent has forgotten it', async () => {
    const server = await consul();
    register(server.url.replace('http', 'consul'), 20);
    await server.nextRequest('/check/pass/service:reviews-10.0.0.7-4004');
    server.forget();
    await server.nextRequest('/service/register');
    await server.nextRequest('/check/pass');
    expect([...server.services.keys()]).toEqual(['reviews-10.0.0.7-4004']);
  });

  test('is tried again while the agent is away, which is said once', async () => {
    const [port = 0] = await freePorts(1);
    register(`consul://127.0.0.1:${port}`, 20);
    await logged('Consul cannot be reached; it is tried again');
    const server = await consul(port);
    await server.nextRequest('/service/register');
    await logged('registered at Consul');
    expect(lines.filter((line) => line.includes('cannot'))).toHaveLength(1);
  });

  test('ends in time when the agent is away', async () => {
    const server = await consul();
    const registration = register(server.url.replace('http', 'consul'));
    await logged('registered at Consul');
    server.failure = { kind: 'cut' };
    await registration.end();
    expect(lines.at(-1)).toBe('Consul could not be told that this instance ends; it finds out by itself');
  });
});

describe('registration: at Eureka', () => {
  const eureka = async (): Promise<EurekaServer> => track(await startEurekaServer());

  test('has address, port, zone and lease, and is gone at the end', async () => {
    const server = await eureka();
    const registration = register(server.url.replace('http://', 'eureka://ada:secret@'));
    await logged('registered at Eureka');
    const [instance] = server.instances.values();
    await registration.end();
    expect([instance, server.instances.size, server.authorizations[0]]).toEqual([
      {
        instanceId: 'reviews-10.0.0.7-4004',
        app: 'REVIEWS',
        hostName: '10.0.0.7',
        ipAddr: '10.0.0.7',
        vipAddress: 'reviews',
        status: 'UP',
        port: { $: 4004, '@enabled': 'true' },
        securePort: { $: 443, '@enabled': 'false' },
        healthCheckUrl: 'http://10.0.0.7:4004/health',
        metadata: { zone: 'eu-1' },
        leaseInfo: { renewalIntervalInSecs: 10, durationInSecs: 30 },
        dataCenterInfo: {
          '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo',
          name: 'MyOwn',
        },
      },
      0,
      `Basic ${Buffer.from('ada:secret').toString('base64')}`,
    ]);
  });

  test('is renewed, and made again when the server has forgotten it', async () => {
    const server = await eureka();
    register(server.url.replace('http', 'eureka'), 20);
    await server.nextRequest('PUT /apps/REVIEWS/reviews-10.0.0.7-4004');
    server.forget();
    await server.nextRequest('POST /apps/REVIEWS');
    await server.nextRequest('PUT /apps/REVIEWS');
    expect([...server.instances.keys()]).toEqual(['reviews-10.0.0.7-4004']);
  });
});

const overZookeeper = findZookeeper() ? describe : describe.skip;
overZookeeper('registration: at ZooKeeper', () => {
  const folder = '/services/reviews';
  const node = `${folder}/reviews-10.0.0.7-4004`;
  const zookeeper = async (): Promise<ZookeeperServer> => track(await startZookeeperServer());
  const writer = async (server: ZookeeperServer): Promise<ZookeeperWriter> =>
    track(await ZookeeperWriter.open(server.port));

  test('is an entry of Curator, and is gone at the end', async () => {
    const server = await zookeeper();
    const registration = register(`zookeeper://127.0.0.1:${server.port}`);
    await logged('registered at ZooKeeper');
    const reader = await writer(server);
    const entry = JSON.parse(await reader.data(node));
    await registration.end();
    expect([entry, await reader.children(folder)]).toEqual([
      {
        name: 'reviews',
        id: 'reviews-10.0.0.7-4004',
        address: '10.0.0.7',
        port: 4004,
        sslPort: null,
        payload: { zone: 'eu-1' },
        registrationTimeUTC: expect.any(Number),
        serviceType: 'DYNAMIC',
        uriSpec: null,
      },
      [],
    ]);
  });

  test('takes the place of what an earlier process left', async () => {
    const server = await zookeeper();
    const before = await writer(server);
    for (const path of ['/services', folder]) await before.create(path, '');
    await before.create(node, 'old', { ephemeral: true });
    register(`zookeeper://127.0.0.1:${server.port}`);
    await logged('registered at ZooKeeper');
    expect(JSON.parse(await before.data(node))).toMatchObject({ port: 4004 });
  });

  test('is made again when the server has restarted and forgotten it', async () => {
    const server = await zookeeper();
    register(`zookeeper://127.0.0.1:${server.port}`, 20);
    await logged('registered at ZooKeeper');
    lines = [];
    await server.restart({ forgets: true });
    await logged('registered at ZooKeeper');
    expect(await (await writer(server)).children(folder)).toEqual(['reviews-10.0.0.7-4004']);
  });

  test('goes to the next server when one is away', async () => {
    const server = await zookeeper();
    const [closed] = await freePorts(1);
    register(`zookeeper://127.0.0.1:${closed},127.0.0.1:${server.port}/services`, 20);
    await logged('registered at ZooKeeper');
    expect(lines[0]).toBe('ZooKeeper cannot be reached; it is tried again');
  });
});
