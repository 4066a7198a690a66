import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { removeFolder, runCommand, startCommand, writeFile } from '../commands/commandHarness.ts';
import { Output } from '../dev/devHarness.ts';
import { type GatewayUnderTest, startGateway, supergraphOf } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';
import {
  type KeySetServer,
  makeKey,
  mint,
  type SigningKey,
  startKeySetServer,
} from '../support/tokenIssuer.ts';

/*
 * What neither clients nor logs may learn. Sources: GHSA-j5g3-5c8r-7qfx (a key in a log), graphql-cop (suggestions), Apollo
 * Router `include_subgraph_errors`, OWASP GraphQL cheat sheet.
 */

const SDL = /* GraphQL */ `
  type Query {
    me: User
    user(id: ID!): User
    topProducts(first: Int): [Product!]!
    items: [Item!]!
    find(filter: Filter): [Product!]!
    echo(value: String): String
    fail: String
  }
  type User {
    name: String!
    internalRisk: Int
  }
  type Product {
    name: String
  }
  union Item = User | Product
  input Filter {
    text: String
  }
`;

let accounts: StubSubgraph;
let keySets: KeySetServer;
let rsa: SigningKey;

beforeAll(async () => {
  rsa = await makeKey('rsa1');
  keySets = await startKeySetServer([rsa.jwk]);
  accounts = await startStubSubgraph('accounts', SDL, {
    Query: {
      me: () => ({ name: 'Ada' }),
      echo: (_root, { value }) => value,
      fail: () => {
        throw new Error('the subgraph failed');
      },
    },
  });
});

afterAll(async () => {
  await Promise.all([accounts?.close(), keySets?.close()]);
  removeFolder();
});

describe('security: what clients read in production', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await startGateway({
      subgraphs: [accounts],
      env: { NODE_ENV: 'production' },
      settings: { authentication: { jwt: { jwks: [{ url: keySets.url }] } } },
    });
  });
  afterAll(() => gateway?.stop());

  test.each([
    '{ user(id: "u1") { internalRis } }',
    '{ topProduct { name } }',
    '{ topProducts(firs: 1) { name } }',
    '{ items { ... on Produc { name } } }',
    '{ find(filter: { tex: "x" }) { name } }',
  ])('no suggestion: %s', async (query) => {
    const response = await gateway.ask({ query });
    const text = await response.text();
    expect([response.status, /Did you mean|internalRisk|topProducts"|\btext\b/.test(text)]).toEqual([
      400,
      false,
    ]);
  });

  test('nothing of how a subgraph is made', async () => {
    accounts.answer = {
      body: JSON.stringify({
        data: { me: null },
        errors: [
          {
            message: 'Cannot return null for User.internalRisk at /srv/app/db.js:12 SELECT * FROM users',
            path: ['me'],
            extensions: {
              stacktrace: ['at /srv/app/index.js:1'],
              exception: { sql: 'SELECT 1' },
              service: 42,
            },
          },
        ],
      }),
    };
    const text = await (await gateway.ask({ query: '{ me { name } }' })).text();
    accounts.answer = undefined;
    expect([JSON.parse(text).data, /internalRisk|srv|SELECT|stacktrace|exception|42/.test(text)]).toEqual([
      { me: null },
      false,
    ]);
  });

  test.each<[string, string]>([
    ['a token of another issuer', 'Bearer abc.def.ghi'],
    ['another scheme', 'Basic dTpw'],
  ])(
    'a refusal of %s says nothing of keys, issuers and addresses, and repeats nothing',
    async (_what, authorization) => {
      const response = await gateway.ask({ query: '{ me { name } }' }, { authorization });
      const text = `${await response.text()} ${response.headers.get('www-authenticate')}`;
      expect(/127\.0\.0\.1|rsa1|issuer\.test|jwks|abc|dTpw|stack/.test(text)).toBe(false);
    },
  );
});

describe('security: what a log holds, at its most talkative', () => {
  const SECRET = 'S3CR3T-PRINCIPAL-of-more-than-32-bytes';
  let child: ChildProcess;
  let log: Output;
  let url: string;
  const planted: string[] = [SECRET];

  beforeAll(async () => {
    writeFile('supergraph.graphql', supergraphOf([accounts]));
    writeFile(
      'gateway.yaml',
      JSON.stringify({
        supergraph: { file: 'supergraph.graphql' },
        principal_header: { enabled: true },
        authentication: {
          api_keys: { enabled: true, database: 'keys.sqlite' },
          jwt: {
            jwks: [
              {
                url: `${keySets.url}?key=S3CR3T-QUERY`,
                headers: [{ name: 'x-key', value: 'S3CR3T-HEADER' }],
              },
              { secret: 'S3CR3T-SHARED-of-more-than-32-bytes', issuers: ['cron'] },
            ],
            sources: [{ type: 'cookie', name: 'session' }],
          },
        },
      }),
    );
    const env = { LOG_FORMAT: 'json', LOG_LEVEL: 'trace', PRINCIPAL_SECRET: SECRET, NODE_ENV: 'production' };
    child = startCommand(['serve', '--port', '0'], env, ['ignore', 'pipe', 'pipe']);
    log = new Output();
    child.stderr?.pipe(log);
    child.stdout?.pipe(log);
    [, url = ''] = await log.waitFor(/"msg":"GraphQL at (http:\S+)\/graphql"/);
  });
  afterAll(() => {
    child?.kill('SIGKILL');
  });

  async function send(headers: Record<string, string>, body: unknown): Promise<number> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  }

  test('is who asked, and no credential, secret or variable', async () => {
    const token = await mint({ key: rsa, claims: { email: 'S3CR3T-CLAIM' } });
    const expired = await mint({ key: rsa, claims: { exp: 1, email: 'S3CR3T-CLAIM' } });
    const key = (await runCommand('keys issue --name log')).stdout.trim();
    planted.push(...token.split('.'), ...expired.split('.').slice(1), key.split('_')[2] ?? key);
    const echo = { query: 'query Echo($v: String) { echo(value: $v) }', variables: { v: 'S3CR3T-VARIABLE' } };
    const wrong = { ...echo, variables: { v: { deep: 'S3CR3T-VARIABLE' } } };
    const failing = { query: 'query Fails { fail }' };

    const statuses = [
      await send({ authorization: `Bearer ${token}` }, echo),
      await send({ authorization: `Bearer ${token}` }, failing),
      await send({ authorization: `Bearer ${token}` }, wrong),
      await send({ authorization: `Bearer ${expired}` }, echo),
      await send({ authorization: 'Basic S3CR3T-BASIC' }, echo),
      await send({ authorization: 'Bearer S3CR3T-BEARER' }, echo),
      await send({ cookie: `session=${token}; other=S3CR3T-COOKIE` }, failing),
      await send({ 'x-api-key': key }, failing),
      await send({ 'x-api-key': `${key.slice(0, -6)}S3CR3T` }, echo),
    ];
    accounts.answer = 'reset';
    statuses.push(
      await send({ authorization: `Bearer ${token}` }, echo),
      await send({ 'x-api-key': key }, echo),
    );
    accounts.answer = undefined;
    keySets.serve((_request, response) => response.end('S3CR3T-RUBBISH'));
    statuses.push(
      await send({ authorization: `Bearer ${await mint({ key: rsa, header: { kid: 'new' } })}` }, echo),
    );
    expect(statuses).toEqual([200, 200, 400, 401, 400, 401, 200, 200, 401, 200, 200, 401]);

    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await ended;
    const text = log.text;
    expect(text).toContain('"principal":{"kind":"user","id":"u1"}');
    expect(text).toContain(`"principal":{"kind":"key","id":"${key.split('_')[1]}"}`);
    expect(text).toContain('"reason":"EXPIRED_SIGNATURE"');
    expect(text).not.toContain('S3CR3T');
    expect(planted.filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).not.toContain('Bearer ');
  });

  const withKeySet = (keySet: unknown): unknown => ({ authentication: { jwt: { jwks: [keySet] } } });

  test.each<[string, unknown, Record<string, string>, RegExp]>([
    [
      'a shared secret',
      withKeySet({ secret: 'S3CR3T' }),
      {},
      /jwks\[0\]\.secret: must have 32 bytes or more/,
    ],
    [
      'the secret of the principal header',
      {},
      { PRINCIPAL_SECRET: 'S3CR3T' },
      /PRINCIPAL_SECRET: must have 32 bytes or more/,
    ],
    [
      'the address of a key set',
      withKeySet({ url: 'htp://u:S3CR3T@x/' }),
      {},
      /jwks\[0\]\.url: is not an http: or https: URL/,
    ],
    [
      'a header with a line break',
      withKeySet({ url: 'http://x/', headers: [{ name: 'a', value: 'S3CR3T\n' }] }),
      {},
      /jwks\[0\]\.headers\[0\]\.value: is not a header value/,
    ],
  ])(
    '%s that cannot be used ends the start with 3, and is not printed',
    async (_what, settings, env, refusal) => {
      writeFile('wrong.yaml', JSON.stringify(settings));
      const { code, stdout, stderr } = await runCommand('serve --settings wrong.yaml --port 0', { env });
      expect([code, stdout, stderr]).toEqual([3, '', expect.stringMatching(refusal)]);
      expect(stderr).not.toContain('S3CR3T');
    },
  );
});
