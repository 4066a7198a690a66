import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { pino } from 'pino';
import type { AccountsContext } from '../../../subgraphs/accounts/loaders.ts';
import type { AccountsTables } from '../../../subgraphs/accounts/records.ts';
import { SignInAttempts } from '../../../subgraphs/accounts/signInAttempts.ts';
import { accounts } from '../../../subgraphs/accounts/subgraph.ts';
import { serveSubgraph } from '../../../subgraphs/host/server.ts';
import { readSettings } from '../../../subgraphs/host/settings.ts';
import { type OpenedSubgraph, openSubgraph } from '../../../subgraphs/host/subgraph.ts';
import { openForTest, type TestSubgraph } from '../openForTest.ts';
import { userOf } from '../principalHeaders.ts';

const signIn = `mutation ($username: String!, $password: String!) {
  signIn(username: $username, password: $password) {
    ... on SignedIn { token expiresAt user { username email } }
    ... on SignInRefused { reason retryAfterSeconds }
  }
}`;

describe('accounts: sign-in', () => {
  let subgraph: TestSubgraph<AccountsTables>;
  beforeEach(async () => {
    subgraph = await openForTest(accounts, undefined, { SIGN_IN_ATTEMPTS_PER_MINUTE: '3' });
  });
  afterEach(() => subgraph.close());

  const attempt = async (username: string, password: string) => {
    const { data, messages } = await subgraph.ask(signIn, { variables: { username, password } });
    expect(messages).toEqual([]);
    return (data as { signIn: Record<string, unknown> }).signIn;
  };

  test.each([
    ['a wrong password', 'ada', 'wrong'],
    ['an unknown user', 'nobody', 'tributary'],
    ['a user without a password', 'aiko.abebe', 'tributary'],
    ['an empty password', 'ada', ''],
  ])('%s is refused in the same words', async (_what, username, password) => {
    expect(await attempt(username, password)).toEqual({
      reason: 'WRONG_CREDENTIALS',
      retryAfterSeconds: null,
    });
  });

  test('more attempts than allowed are refused, even with the right password, for that username alone', async () => {
    for (let times = 0; times < 3; times += 1) await attempt('ada', 'wrong');
    const refused = await attempt('Ada ', 'tributary');
    expect(refused.reason).toBe('TOO_MANY_ATTEMPTS');
    expect(refused.retryAfterSeconds).toBeGreaterThan(50);
    expect(await attempt('ben', 'tributary')).toMatchObject({ user: { username: 'ben' } });
  });

  test('a password of excessive length is bad input', async () => {
    const variables = { username: 'ada', password: 'x'.repeat(257) };
    expect((await subgraph.ask(signIn, { variables })).codes).toEqual(['BAD_USER_INPUT']);
  });

  const emails = '{ me { username email scopes } user(id: "u-0001") { username email } }';

  test('`me` is who the gateway names, with their own e-mail address and nobody else’s', async () => {
    const { data } = await subgraph.ask(emails, { principal: userOf('u-0003', 'cleo') });
    expect(data).toEqual({
      me: { username: 'cleo', email: 'cleo@example.com', scopes: ['reviews:write'] },
      user: { username: 'ada', email: null },
    });
  });

  test('the scope `users:read` shows the e-mail addresses of all', async () => {
    const { data } = await subgraph.ask(emails, { principal: userOf('u-0002', 'ben', ['users:read']) });
    expect(data?.user).toEqual({ username: 'ada', email: 'ada@example.com' });
  });

  test.each([undefined, { kind: 'key', id: 'u-0003' }])('`me` is null for %j', async (principal) => {
    const answer = await subgraph.ask('{ me { id } }', principal && { principal });
    expect(answer).toEqual({ data: { me: null }, codes: [], messages: [] });
  });

  test.each([
    [undefined, 'FORBIDDEN'],
    [userOf('u-0001', 'ada'), 'FORBIDDEN'],
    [userOf('u-0002', 'ben', ['users:read']), undefined],
  ])('a remark of the support team is for who may read users: %j', async (principal, code) => {
    const answer = await subgraph.ask('{ user(id: "u-0001") { internalNote } }', principal && { principal });
    expect(answer.codes[0]).toBe(code);
  });
});

describe('accounts: key set', () => {
  let opened: OpenedSubgraph<AccountsTables, AccountsContext>;
  const settings = readSettings(accounts, { DATABASE_URL: 'file::memory:', PORT: '0' });
  const log = pino({ level: 'silent' });
  beforeEach(async () => {
    opened = await openSubgraph(accounts, { settings, environment: {}, log });
  });
  afterEach(() => opened.close());

  test('a token verifies against the key set that is served, and the private half is not in it', async () => {
    const server = await serveSubgraph(opened, settings, log);
    try {
      const response = await fetch(server.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: signIn, variables: { username: 'ada', password: 'tributary' } }),
      });
      const { data } = (await response.json()) as { data: { signIn: { token: string; expiresAt: string } } };
      const { token, expiresAt } = data.signIn;
      const jwks = new URL('/.well-known/jwks.json', server.url);
      const { payload } = await jwtVerify(token, createRemoteJWKSet(jwks), {
        issuer: 'tributary-accounts',
        audience: 'tributary',
      });
      expect(payload).toMatchObject({
        sub: 'u-0001',
        preferred_username: 'ada',
        roles: ['ADMIN', 'CUSTOMER'],
        scope: 'catalogue:write reviews:write stock:write users:read users:write',
      });
      expect([(payload.exp ?? 0) - (payload.iat ?? 0), Date.parse(expiresAt)]).toEqual([
        3_600,
        (payload.exp ?? 0) * 1_000,
      ]);
      const served = (await (await fetch(jwks)).json()) as { keys: Record<string, unknown>[] };
      expect(served.keys.map((key) => Object.keys(key).sort())).toEqual([
        ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      ]);
      expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: served.keys[0]?.kid });
    } finally {
      await server.close();
    }
  });
});

describe('accounts: sign-in attempts', () => {
  test('a window opens again a minute after its first attempt', () => {
    const attempts = new SignInAttempts(2);
    const taken = [0, 1_000, 2_000, 59_999, 60_000].map((now) => attempts.take('ada', now));
    expect(taken).toEqual([null, null, 58, 1, null]);
  });
});
