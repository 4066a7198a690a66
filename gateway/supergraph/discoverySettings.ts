import { isIP } from 'node:net';
import { z } from 'zod';
import { group } from '../runtime/setting.ts';
import { hostAndPort } from './instance.ts';

const ms = (value: number, description: string, max = 2 ** 31 - 1) =>
  z.int().min(1).max(max).default(value).meta({ unit: 'ms', description });

const scheme = z.enum(['http', 'https']);
const path = z.string().regex(/^\/[\w\-./~%?=&]*$/, 'is not a path such as /graphql');
/** `http://10.0.0.2:8500`, `10.0.0.2:8500` (as Consul's own variable is written), or several with commas between. */
const addresses = z
  .string()
  .refine(
    (text) => addressesOf(text).every((url) => /^https?:\/\/[^/]/.test(url) && URL.canParse(url)),
    'expected an http or https URL, or several with commas between',
  );

/** Without a `/` at the end. */
export function addressesOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((address) => address.trim().replace(/\/+$/, ''))
    .map((address) => (address.includes('://') ? address : `http://${address}`));
}

function isNameServer(text: string): boolean {
  return isIP(text) !== 0 || isIP(hostAndPort(text)?.host ?? '') !== 0;
}

/** `discovery:` of `gateway.yaml`: what a `routing_url` such as `consul://reviews` leaves open. */
export const discoverySettingsSchema = group({
  zone: z.string().min(1).optional().meta({
    env: 'TRIBUTARY_ZONE',
    defaultText: 'none',
    description: 'Zone of this gateway; instances of the same zone are preferred while half of them answer.',
  }),
  scheme: scheme.default('http').meta({
    description: 'Over what instances are called, where their registry does not say.',
  }),
  path: path.default('/graphql').meta({
    description: 'Path of their GraphQL endpoint, where the `routing_url` has none.',
  }),
  subgraphs: z
    .record(z.string().min(1), z.strictObject({ scheme: scheme.optional(), path: path.optional() }))
    .default({})
    .meta({ defaultText: 'none', description: 'Other `scheme` and `path` by subgraph name.' }),
  timeout_ms: ms(5_000, 'A registry must answer in this time, beyond the time that it was asked to wait.'),
  empty_after_ms: ms(
    30_000,
    'An empty list is believed when it has stayed empty for this long; until then the one before serves.',
  ),
  dns: group({
    servers: z
      .array(z.string().refine(isNameServer, 'is not an address such as 10.0.0.2 or 10.0.0.2:5353'))
      .default([])
      .meta({
        defaultText: "the system's",
        description: 'Name servers: `10.0.0.2`, `10.0.0.2:5353`, `[fd00::2]:53`.',
      }),
    family: z.enum(['any', '4', '6']).default('any').meta({
      description: 'Which addresses are looked up: A (`"4"`), AAAA (`"6"`) or both.',
    }),
    max_ttl_ms: ms(
      30_000,
      'A name is looked up again when its TTL has passed, and at the latest after this time.',
    ),
  }),
  kubernetes: group({
    namespace: z.string().min(1).default('default').meta({
      env: 'POD_NAMESPACE',
      description: 'Namespace of `kubernetes://reviews`; `kubernetes://reviews.shop` names its own.',
    }),
    cluster_domain: z
      .string()
      .min(1)
      .default('cluster.local')
      .meta({ description: 'Domain of the cluster’s DNS.' }),
  }),
  consul: group({
    address: addresses.default('http://127.0.0.1:8500').meta({
      env: 'CONSUL_HTTP_ADDR',
      description:
        'URL of a Consul agent, or of several with commas between: the next is asked when one fails.',
    }),
    token: z.string().min(1).optional().meta({
      env: 'CONSUL_HTTP_TOKEN',
      defaultText: 'none',
      description: 'ACL token; it needs `service:read` and `node:read`.',
    }),
    // the HTTP client gives up on headers that take 5 minutes
    wait_ms: ms(55_000, 'How long a blocking query may wait for a change.', 240_000),
  }),
  zookeeper: group({
    servers: z
      .string()
      .regex(/^[^\s,/]+(,[^\s,/]+)*(\/\S*)?$/, 'is not a list such as zk1:2181,zk2:2181/chroot')
      .default('127.0.0.1:2181')
      .meta({
        env: 'ZOOKEEPER_SERVERS',
        description:
          'The ensemble: `zk1:2181,zk2:2181`, with a path behind it when all is under one: `…:2181/prod`.',
      }),
    session_timeout_ms: ms(
      10_000,
      'The session that is asked for; a server that is silent for two thirds of it is left.',
    ),
    auth: z
      .string()
      .regex(/^\w+:.+$/, 'is not a scheme and a credential such as digest:user:password')
      .optional()
      .meta({
        defaultText: 'none',
        description: 'Credential for protected nodes: `digest:user:password`.',
      }),
  }),
  eureka: group({
    url: addresses.default('http://127.0.0.1:8761/eureka').meta({
      env: 'EUREKA_URL',
      description:
        'URL of a Eureka server, or of several; `http://user:password@…` for one that asks for it.',
    }),
    poll_interval_ms: ms(10_000, 'Time between two reads of what has changed.'),
    prefer_ip: z.boolean().default(false).meta({
      description: 'Call instances at their `ipAddr`, not their `hostName`.',
    }),
  }),
  ejection: group({
    failures: z.int().min(1).default(5).meta({
      unit: 'failures',
      description: 'An instance that fails so often one after another is not asked for a while.',
    }),
    base_ms: ms(
      10_000,
      'How long, the first time; it doubles each time. Then a probe decides whether it is back.',
    ),
    max_ms: ms(300_000, 'The longest such time.'),
    max_percent: z.int().min(0).max(100).default(50).meta({
      unit: '%',
      description: 'At most this share of the instances is ejected at a time.',
    }),
  }),
});

export type DiscoverySettings = z.output<typeof discoverySettingsSchema>;
