import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rawExchange } from '../support/rawExchange.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';
import { makeKey, mint, type SigningKey, startKeySetServer } from '../support/tokenIssuer.ts';
import { folder, removeFolder, runCommand, writeFile } from './commandHarness.ts';

/* The command beside a gateway that runs: both open one file. */

let subgraph: StubSubgraph;
let gateway: GatewayUnderTest;
let rsa: SigningKey;
let keySets: Awaited<ReturnType<typeof startKeySetServer>>;

beforeAll(async () => {
  subgraph = await startStubSubgraph('greeter', 'type Query { hello: String }', {
    Query: { hello: () => 'world' },
  });
  rsa = await makeKey('rsa1');
  keySets = await startKeySetServer([rsa.jwk]);
  writeFile(
    'gateway.yaml',
    'authentication: { api_keys: { enabled: true, cache_ms: 0, database: keys.sqlite } }',
  );
  gateway = await startGateway({
    subgraphs: [subgraph],
    settings: {
      authentication: {
        require_authentication: true,
        api_keys: { enabled: true, cache_ms: 0, database: `${folder}/keys.sqlite` },
        jwt: { jwks: [{ url: keySets.url }] },
      },
      headers: {
        all: {
          request: ['id', 'kind', 'scopes', 'roles'].map((part) => ({
            insert: { name: `x-${part}`, from_context: `principal_${part}` },
          })),
        },
      },
    },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([subgraph?.close(), keySets?.close()]);
  removeFolder();
});

const issue = async (flags = ''): Promise<string> => {
  const { code, stdout } = await runCommand(`keys issue --name Ticker ${flags}`.trim());
  expect(code).toBe(0);
  return stdout.trim();
};
const idOf = (key: string): string => key.split('_')[1] ?? '';
const ask = async (headers: Record<string, string>): Promise<unknown> => {
  const response = await gateway.ask({ query: '{ hello }' }, headers);
  const { errors } = (await response.json()) as {
    errors?: { extensions: { code: string }; message: string }[];
  };
  return response.status === 200
    ? 200
    : `${response.status} ${errors?.[0]?.extensions.code}: ${errors?.[0]?.message}`;
};
const refused = '401 UNAUTHENTICATED: The API key is not valid.';

describe('tributary keys', () => {
  test('issues a key that a gateway accepts, with its scopes and roles', async () => {
    const { code, stdout, stderr } = await runCommand(
      'keys issue --name Ticker --scope write --scope read --role BOT --budget 500 --expires 30d',
    );
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^tributary_[0-9a-f]{16}_[\w-]{43}\n$/),
      expect.stringMatching(/^Key [0-9a-f]{16} is shown once: only its hash is kept\.\n$/),
    ]);
    const key = stdout.trim();
    expect(await ask({ 'x-api-key': key })).toBe(200);
    expect(subgraph.requests.at(-1)?.headers).toMatchObject({
      'x-id': idOf(key),
      'x-kind': 'key',
      'x-scopes': 'read write',
      'x-roles': 'BOT',
    });
  });

  test('lists what is known of a key, and not the key', async () => {
    const key = await issue('--scope read --budget 7');
    const { stdout } = await runCommand('keys list --json');
    const listed = (JSON.parse(stdout) as { id: string }[]).find(({ id }) => id === idOf(key));
    expect(listed).toEqual({
      id: idOf(key),
      name: 'Ticker',
      state: 'active',
      scopes: ['read'],
      roles: [],
      budget: 7,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      expires: null,
      lastUsed: null,
    });
    expect(stdout).not.toContain(key.split('_')[2]);
    const table = (await runCommand('keys list')).stdout;
    expect(table).toMatch(/^ID +NAME +STATE +SCOPES +ROLES +BUDGET +CREATED +EXPIRES +LAST USED\n/);
    expect(table).toContain(`${idOf(key)}  Ticker  active  read`);
  });

  test('rotates a key: both secrets are accepted during the grace', async () => {
    const old = await issue();
    const { stdout } = await runCommand(`keys rotate ${idOf(old)}`);
    const next = stdout.trim();
    expect([
      idOf(next),
      next === old,
      await ask({ 'x-api-key': old }),
      await ask({ 'x-api-key': next }),
    ]).toEqual([idOf(old), false, 200, 200]);
    await runCommand(`keys rotate ${idOf(old)} --grace 0m`);
    expect([await ask({ 'x-api-key': old }), await ask({ 'x-api-key': next })]).toEqual([refused, refused]);
  });

  test('revokes a key', async () => {
    const key = await issue();
    const before = await ask({ 'x-api-key': key });
    const { code, stderr } = await runCommand(`keys revoke ${idOf(key)}`);
    expect([before, code, stderr, await ask({ 'x-api-key': key })]).toEqual([
      200,
      0,
      `Key ${idOf(key)} is revoked; gateways refuse it within 0 s.\n`,
      refused,
    ]);
  });

  test.each([
    ['rotate none', 'There is no key none, or it was revoked.\n'],
    ['revoke none', 'There is no key none.\n'],
    ['issue --name a --expires soon', '"soon" is no time: expected 90d, 12h, 30m or 2027-01-01.\n'],
    ['issue --name a --expires 2020-01-01', 'The key would have expired at 2020-01-01T00:00:00Z.\n'],
    ['issue --name a --scope ä', '"ä" is no scope or role: they hold no spaces.\n'],
  ])('%s ends with 2 and one sentence', async (line, stderr) => {
    expect(await runCommand(`keys ${line}`)).toMatchObject({ code: 2, stdout: '', stderr });
  });

  test('tells of a database that cannot be used, without its password', async () => {
    const { code, stderr } = await runCommand('keys list', {
      env: { API_KEYS_DATABASE_URL: 'postgres://app:S3CR3T@127.0.0.1:1/keys' },
    });
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(
        /^authentication\.api_keys\.database: the PostgreSQL database cannot be used: .*ECONNREFUSED/,
      ),
    ]);
    expect(stderr).not.toContain('S3CR3T');
  });
});

describe('API keys at a gateway', () => {
  test('what is no key is refused with a challenge', async () => {
    const response = await gateway.ask({ query: '{ hello }' }, { 'x-api-key': 'abc' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'ApiKey realm="graphql", header="x-api-key"',
    ]);
  });

  test('no credentials are refused with both challenges', async () => {
    const response = await gateway.ask({ query: '{ hello }' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="graphql", ApiKey realm="graphql", header="x-api-key"',
    ]);
  });

  test('a key and a token together are refused, good as both may be', async () => {
    const authorization = `Bearer ${await mint({ key: rsa })}`;
    const key = await issue();
    expect([await ask({ authorization }), await ask({ authorization, 'x-api-key': key })]).toEqual([
      200,
      '400 AUTH_ERROR: Send either an API key or a token, not both.',
    ]);
  });

  test('a key is not looked for where tokens are, nor a token where keys are', async () => {
    const key = await issue();
    const token = await mint({ key: rsa });
    expect([await ask({ authorization: `Bearer ${key}` }), await ask({ 'x-api-key': token })]).toEqual([
      '401 UNAUTHENTICATED: The token is not a signed JSON Web Token.',
      refused,
    ]);
  });

  test('two headers are refused', async () => {
    const key = await issue();
    const body = '{"query":"{ hello }"}';
    const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n`;
    const text = `${head}X-Api-Key: ${key}\r\nX-API-KEY: ${key}\r\n\r\n${body}`;
    const { status, body: answer } = await rawExchange({ port: gateway.port, text });
    expect([status, answer]).toEqual([
      400,
      expect.stringContaining('The header x-api-key came more than once.'),
    ]);
  });
});
