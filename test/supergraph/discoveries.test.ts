import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { z } from 'zod';
import { Discoveries, type FollowedInstances } from '../../gateway/supergraph/discoveries.ts';
import type { discoverySettingsSchema } from '../../gateway/supergraph/discoverySettings.ts';
import { type ConsulServer, startConsulServer } from '../support/consulServer.ts';
import { type DnsServer, startDnsServer } from '../support/dnsServer.ts';
import { discoverySettings } from './discoveryBackends/backendHarness.ts';

let consul: ConsulServer;
let folder: string;
let started: Discoveries[];
let lines: { level: number; msg: string; [key: string]: unknown }[];

beforeEach(async () => {
  consul = await startConsulServer();
  folder = mkdtempSync(path.join(tmpdir(), 'tributary-discoveries-'));
  started = [];
  lines = [];
});
afterEach(async () => {
  await Promise.all(started.map((discoveries) => discoveries.stop()));
  await consul.close();
  rmSync(folder, { recursive: true, force: true });
});

function discoveries(settings: z.input<typeof discoverySettingsSchema> = {}): Discoveries {
  const made = new Discoveries({
    settings: discoverySettings({ timeout_ms: 2_000, consul: { address: consul.url }, ...settings }),
    log: pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) }),
    cacheFolder: folder,
  });
  started.push(made);
  return made;
}

function follow(made: Discoveries, url = 'consul://reviews', subgraph = 'reviews'): FollowedInstances {
  const followed = made.follow(subgraph, url);
  if (followed === undefined) throw new Error(`${url} is not followed`);
  return followed;
}

function register(port: number): void {
  consul.register({ ID: `reviews-${port}`, Name: 'reviews', Address: '10.0.0.7', Port: port });
}

const urls = ({ current }: FollowedInstances): readonly string[] => current.map(({ url }) => url);
const change = (followed: FollowedInstances): Promise<readonly string[]> =>
  new Promise((resolve) => {
    const stop = followed.onChange((instances) => {
      stop();
      resolve(instances.map(({ url }) => url));
    });
  });

describe('discoveries: what is followed', () => {
  test('a plain URL is not', () => {
    expect(discoveries().follow('reviews', 'http://127.0.0.1:4004/graphql')).toBeUndefined();
  });

  test('the first read has ended when `firstRead` resolves, and changes are told after it', async () => {
    register(1);
    const followed = follow(discoveries());
    await followed.firstRead;
    const first = urls(followed);
    await consul.waiting();
    const next = change(followed);
    register(2);
    expect([first, await next]).toEqual([
      ['http://10.0.0.7:1/graphql'],
      ['http://10.0.0.7:1/graphql', 'http://10.0.0.7:2/graphql'],
    ]);
  });

  test('scheme and path are those of the subgraph’s settings', async () => {
    register(1);
    const followed = follow(
      discoveries({ path: '/all', subgraphs: { reviews: { scheme: 'https', path: '/query' } } }),
    );
    await followed.firstRead;
    expect(urls(followed)).toEqual(['https://10.0.0.7:1/query']);
  });

  test('one name is read once, however many hold it, and until the last lets go', async () => {
    const made = discoveries();
    const [one, two] = [follow(made), follow(made)];
    await Promise.all([one.firstRead, two.firstRead]);
    await consul.waiting();
    const before = consul.requests.length;
    one.release();
    // a hold is let go once
    one.release();
    const told = change(two);
    register(1);
    const seen = await told;
    two.release();
    await made.stop();
    const after = consul.requests.length;
    register(2);
    expect([before, seen, consul.requests.length - after]).toEqual([2, ['http://10.0.0.7:1/graphql'], 0]);
  });

  test('who lets go is told nothing more', async () => {
    const made = discoveries();
    const [one, two] = [follow(made), follow(made)];
    await one.firstRead;
    const told: unknown[] = [];
    one.onChange((instances) => told.push(instances));
    one.release();
    await consul.waiting();
    const next = change(two);
    register(1);
    await next;
    expect(told).toEqual([]);
  });
});

describe('discoveries: a name that is looked up', () => {
  let dns: DnsServer;
  beforeEach(async () => {
    dns = await startDnsServer();
  });
  afterEach(() => dns.close());

  test('is looked up again when its time has passed, and what it answers then is in force', async () => {
    dns.records['reviews.internal'] = { A: ['10.0.0.7'], ttl: 60 };
    const made = discoveries({ dns: { servers: [dns.address], max_ttl_ms: 100 } });
    const followed = follow(made, 'dns://reviews.internal:80');
    await followed.firstRead;
    const first = urls(followed);
    const next = change(followed);
    dns.records['reviews.internal'] = { A: ['10.0.0.8'], AAAA: ['fd00::8'], ttl: 60 };
    expect([first, await next]).toEqual([
      ['http://10.0.0.7:80/graphql'],
      ['http://10.0.0.8:80/graphql', 'http://[fd00::8]:80/graphql'],
    ]);
  });

  test('is not looked up before', async () => {
    dns.records['reviews.internal'] = { A: ['10.0.0.7'], ttl: 60 };
    dns.records['products.internal'] = { A: ['10.0.0.8'], ttl: 60 };
    const made = discoveries({ dns: { servers: [dns.address], max_ttl_ms: 60_000, family: '4' } });
    await follow(made, 'dns://reviews.internal:80').firstRead;
    const other = discoveries({ dns: { servers: [dns.address], max_ttl_ms: 50, family: '4' } });
    follow(other, 'dns://products.internal:80', 'products');
    for (const _ of [1, 2, 3]) await dns.nextQuestion();
    expect(dns.questions.filter((question) => question === 'A reviews.internal')).toHaveLength(1);
  });

  test.each(['SERVFAIL', 'silent'] as const)(
    'stays as it was while the name server fails (%s)',
    async (failure) => {
      dns.records['reviews.internal'] = { A: ['10.0.0.7'] };
      const made = discoveries({
        timeout_ms: 200,
        dns: { servers: [dns.address], max_ttl_ms: 50, family: '4' },
      });
      const followed = follow(made, 'dns://reviews.internal:80');
      await followed.firstRead;
      dns.failure = failure;
      while (lines.length < 2) await dns.nextQuestion();
      expect([urls(followed), lines.at(-1)?.level]).toEqual([['http://10.0.0.7:80/graphql'], 40]);
      const next = change(followed);
      dns.failure = undefined;
      dns.records['reviews.internal'] = { A: ['10.0.0.9'] };
      expect(await next).toEqual(['http://10.0.0.9:80/graphql']);
    },
  );
});

describe('discoveries: an outage', () => {
  test('is said once for each reason, with the end of it, and leaves the list as it is', async () => {
    register(1);
    const followed = follow(discoveries());
    await followed.firstRead;
    await consul.waiting();
    consul.failure = { kind: 'status', status: 503 };
    const asked = consul.nextRequest('/v1/health');
    consul.cutWaiting();
    await asked;
    await consul.nextRequest('/v1/health');
    await consul.nextRequest('/v1/health');
    const during = urls(followed);
    consul.failure = undefined;
    await consul.waiting();

    expect(during).toEqual(['http://10.0.0.7:1/graphql']);
    expect(lines.map(({ level, msg }) => [level, msg.replace(/: .*; /, ': …; ')])).toEqual([
      [30, 'instances changed'],
      [40, 'Consul could not be asked: …; the last known instances stay in force'],
      [40, 'Consul answered with HTTP status 503; the last known instances stay in force'],
      [30, 'the registry answers again'],
    ]);
  });

  test('at the start leaves the list of the process before', async () => {
    register(1);
    const before = discoveries();
    const held = follow(before);
    await held.firstRead;
    await before.stop();
    consul.failure = { kind: 'status', status: 500 };
    const followed = follow(discoveries());
    await followed.firstRead;
    expect(urls(followed)).toEqual(['http://10.0.0.7:1/graphql']);
  });

  test.each([
    ['is damaged', (text: string) => text.slice(0, -20)],
    ['holds something else', () => 'null'],
  ])('at the start, when the record on disk %s, leaves nobody', async (_what, damage) => {
    register(1);
    const before = discoveries();
    await follow(before).firstRead;
    await before.stop();
    const [name = ''] = readdirSync(path.join(folder, 'instances'));
    const file = path.join(folder, 'instances', name);
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    consul.failure = { kind: 'status', status: 500 };
    const followed = follow(discoveries());
    await followed.firstRead;
    expect(urls(followed)).toEqual([]);
  });

  test('of the disk costs the record, and nothing else', async () => {
    writeFileSync(path.join(folder, 'instances'), 'a file where the folder would be');
    register(1);
    const made = discoveries();
    const followed = follow(made);
    await followed.firstRead;
    await made.stop();
    expect([urls(followed), lines.at(-1)?.msg]).toEqual([
      ['http://10.0.0.7:1/graphql'],
      'the list of instances could not be kept on disk',
    ]);
  });
});

describe('discoveries: an empty list', () => {
  test('is put in force when it has lasted, and said at its beginning', async () => {
    register(1);
    const followed = follow(discoveries({ empty_after_ms: 100 }));
    await followed.firstRead;
    await consul.waiting();
    const emptied = change(followed);
    consul.deregister('reviews-1');
    expect(await emptied).toEqual([]);
    expect(lines.map(({ msg, instances }) => [msg, instances])).toEqual([
      ['instances changed', 1],
      ['the registry knows no instance any more; the last known ones stay in force for a while', undefined],
      ['instances changed', 0],
    ]);
  });

  test('that fills again before that changes only what is new', async () => {
    register(1);
    const followed = follow(discoveries({ empty_after_ms: 60_000 }));
    await followed.firstRead;
    await consul.waiting();
    const next = change(followed);
    const asked = consul.nextRequest('/v1/health');
    consul.forget();
    consul.index = 20;
    await asked;
    register(1);
    register(2);
    expect(await next).toEqual(['http://10.0.0.7:1/graphql', 'http://10.0.0.7:2/graphql']);
  });

  test('of a name that never had instances is just that', async () => {
    const followed = follow(discoveries());
    await followed.firstRead;
    expect([urls(followed), lines]).toEqual([[], []]);
  });
});
