import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, exportSPKI } from 'jose';
import { rawExchange } from '../support/rawExchange.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';
import {
  type KeySetServer,
  type MintOptions,
  makeKey,
  mint,
  nowSeconds,
  type SigningKey,
  startKeySetServer,
  tokenOf,
} from '../support/tokenIssuer.ts';

/*
 * What must hold of every token, whoever made it. Sources: RFC 8725 (JWT best current practices), RFC 6750 §3 (challenges),
 * the tests of Apollo Router and Hive Router, and the advisories that each group names.
 */

const SDL = /* GraphQL */ `
  type Query {
    me: User
    topProducts: [String!]!
  }
  type User {
    name: String
  }
`;

let accounts: StubSubgraph;
let keySets: KeySetServer;
let rsa: SigningKey;
let foreign: SigningKey;
let ec: SigningKey;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  [rsa, foreign, ec] = await Promise.all([makeKey('rsa1'), makeKey('rsa1'), makeKey('ec1', 'ES256')]);
  keySets = await startKeySetServer([rsa.jwk]);
  accounts = await startStubSubgraph('accounts', SDL, {
    Query: { me: () => ({ name: 'Ada' }), topProducts: () => ['Kettle'] },
  });
  gateway = await startGateway({
    subgraphs: [accounts],
    settings: {
      authentication: {
        jwt: { jwks: [{ url: keySets.url, issuers: ['https://issuer.test'], audiences: ['gateway'] }] },
      },
    },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([accounts?.close(), keySets?.close()]);
});

const query = { query: '{ me { name } }' };

async function answerTo(authorization: string | undefined): Promise<unknown> {
  const before = accounts.requests.length;
  const response = await gateway.ask(query, authorization === undefined ? {} : { authorization });
  const body = (await response.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate'),
    data: body.data,
    errors: body.errors?.map(({ message, extensions }) => `${extensions.code}: ${message}`),
    fetches: accounts.requests.length - before,
  };
}

const bearer = async (options: Partial<MintOptions> = {}): Promise<string> =>
  `Bearer ${await mint({ key: rsa, ...options })}`;

const accepted = {
  status: 200,
  challenge: null,
  data: { me: { name: 'Ada' } },
  errors: undefined,
  fetches: 1,
};

const refused = (message: string) => ({
  status: 401,
  challenge: `Bearer realm="graphql", error="invalid_token", error_description="${message}"`,
  data: undefined,
  errors: [`UNAUTHENTICATED: ${message}`],
  fetches: 0,
});

describe('security: a token that is accepted', () => {
  test('is not needed: without one the caller is anonymous', async () => {
    expect(await answerTo(undefined)).toEqual(accepted);
  });

  test.each<[string, Partial<MintOptions>]>([
    ['of the issuer, for this audience, within its time', {}],
    ['that has expired less than the leeway of 60 s ago', { claims: { exp: nowSeconds() - 20 } }],
    ['that begins less than the leeway of 60 s from now', { claims: { nbf: nowSeconds() + 30 } }],
    ['for several audiences, this one among them', { claims: { aud: ['other', 'gateway'] } }],
    ['that names no key', { header: { kid: undefined as never } }],
  ])('is one %s', async (_what, options) => {
    expect(await answerTo(await bearer(options))).toEqual(accepted);
  });

  test.each(['bearer', 'BEARER'])('may come under the scheme %s', async (scheme) => {
    expect(await answerTo(`${scheme} ${await mint({ key: rsa })}`)).toEqual(accepted);
  });
});

describe('security: the times of a token', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['has expired', { exp: nowSeconds() - 120 }, 'The token has expired.'],
    ['has expired long ago', { exp: 0 }, 'The token has expired.'],
    ['begins in the future', { nbf: nowSeconds() + 600 }, 'The token is not valid yet.'],
    ['never expires', { exp: undefined }, 'The token has no valid time of expiry.'],
    ['expires at a text', { exp: '9999999999' }, 'The token has no valid time of expiry.'],
    ['expires at null', { exp: null }, 'The token has no valid time of expiry.'],
  ])('one that %s is refused', async (_what, claims, message) => {
    expect(await answerTo(await bearer({ claims }))).toEqual(refused(message));
  });
});

describe('security: issuer and audience of a token', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['of another issuer', { iss: 'https://evil.test' }, 'The token is of an issuer that is not accepted.'],
    ['of no issuer', { iss: undefined }, 'The token is of an issuer that is not accepted.'],
    [
      'of a list of issuers',
      { iss: ['https://issuer.test'] },
      'The token is of an issuer that is not accepted.',
    ],
    ['for another audience', { aud: 'billing' }, 'The token is meant for somebody else.'],
    ['for no audience', { aud: undefined }, 'The token is meant for somebody else.'],
    ['for a part of the audience', { aud: 'gate' }, 'The token is meant for somebody else.'],
    ['for an empty list of audiences', { aud: [] }, 'The token is meant for somebody else.'],
    ['of nobody', { sub: undefined }, 'The token names nobody.'],
    ['of an empty name', { sub: '' }, 'The token names nobody.'],
    ['of an object', { sub: { id: 'u1' } }, 'The token names nobody.'],
  ])('one %s is refused', async (_what, claims, message) => {
    expect(await answerTo(await bearer({ claims }))).toEqual(refused(message));
  });

  test('claims that are nested more deeply than anybody writes them are refused', async () => {
    const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`);
    expect(await answerTo(await bearer({ claims: { deep } }))).toEqual(refused('The token names nobody.'));
  });
});

/* Algorithm confusion: RFC 8725 §2.1; CVE-2015-9235; the advisories of fast-jwt, 2023 to 2026. */
describe('security: the algorithm of a token', () => {
  const claims = { iss: 'https://issuer.test', aud: 'gateway', sub: 'u1', exp: nowSeconds() + 600 };
  const unsupported = refused('The token is signed with an algorithm that is not accepted.');

  test.each(['none', 'None', 'NONE', 'nOnE', '', 'RS256 ', 'rs256', 'ES256K', 'HS256'])(
    '%j without a signature is refused',
    async (alg) => {
      expect(await answerTo(`Bearer ${tokenOf({ alg, kid: 'rsa1' }, claims)}`)).toEqual(unsupported);
    },
  );

  test.each([{ alg: null }, { alg: ['RS256'] }, { alg: { toString: 'RS256' } }, {}])(
    'the header %j is refused',
    async (header) => {
      const answer = await answerTo(`Bearer ${tokenOf({ kid: 'rsa1', ...header }, claims, 'AAAA')}`);
      expect(answer).toEqual(unsupported);
    },
  );

  test('the public key is no secret of an HS256 signature', async () => {
    for (const secret of [await exportSPKI(rsa.publicKey), JSON.stringify(rsa.jwk), rsa.jwk.n ?? '', '']) {
      const bytes = new TextEncoder().encode(secret.padEnd(32));
      const token = await mint({ key: { secret: bytes, alg: 'HS256' }, header: { kid: 'rsa1' } });
      expect(await answerTo(`Bearer ${token}`)).toEqual(unsupported);
    }
  });

  test('a signature of another family under the id of a known key is refused', async () => {
    const token = await bearer({ key: ec, header: { kid: 'rsa1' } });
    expect(await answerTo(token)).toEqual(refused('The token is signed with a key that is not known.'));
  });

  test('a signature of another hash than the key is for is refused', async () => {
    const token = tokenOf({ alg: 'RS512', kid: 'rsa1' }, claims, 'AAAA');
    expect(await answerTo(`Bearer ${token}`)).toEqual(
      refused('The token is signed with a key that is not known.'),
    );
  });
});

describe('security: the signature of a token', () => {
  const invalid = refused('The signature of the token is not valid.');

  test('by another key under the same id is refused', async () => {
    expect(await answerTo(await bearer({ key: foreign }))).toEqual(invalid);
  });

  test('by another key, without an id, is refused', async () => {
    expect(await answerTo(await bearer({ key: foreign, header: { kid: undefined as never } }))).toEqual(
      invalid,
    );
  });

  test('is that of the claims that it came with', async () => {
    const [header, , signature] = (await mint({ key: rsa })).split('.');
    const claims = { iss: 'https://issuer.test', aud: 'gateway', sub: 'root', exp: nowSeconds() + 600 };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expect(await answerTo(`Bearer ${header}.${payload}.${signature}`)).toEqual(invalid);
  });

  test('is not left out', async () => {
    const [header, payload] = (await mint({ key: rsa })).split('.');
    expect(await answerTo(`Bearer ${header}.${payload}.`)).toEqual(invalid);
  });

  /* CVE-2022-21449 of Java: r and s of zero were a signature of everything. */
  test('of zeros is refused', async () => {
    const server = await startKeySetServer([ec.jwk]);
    const other = await startGateway({
      subgraphs: [accounts],
      settings: { authentication: { jwt: { jwks: [{ url: server.url }] } } },
    });
    const [header, payload] = (await mint({ key: ec })).split('.');
    const statuses = await Promise.all(
      [Buffer.alloc(64), Buffer.alloc(0), Buffer.alloc(64, 255), Buffer.alloc(2_000)].map(async (bytes) => {
        const authorization = `Bearer ${header}.${payload}.${bytes.toString('base64url')}`;
        return (await other.ask(query, { authorization })).status;
      }),
    );
    await other.stop();
    await server.close();
    expect(statuses).toEqual([401, 401, 401, 401]);
  });

  test('is checked anew when a token that was accepted comes with another one', async () => {
    const token = await mint({ key: rsa });
    await answerTo(`Bearer ${token}`);
    const changed = `${token.slice(0, -8)}AAAAAAAA`;
    expect(await answerTo(`Bearer ${changed}`)).toEqual(invalid);
  });
});

/* RFC 8725 §3.10: a token must not bring its own key, nor name an address of one. */
describe('security: what the header of a token says of its key', () => {
  test.each(['jku', 'x5u'])('%s is not asked', async (parameter) => {
    const evil = await startKeySetServer([foreign.jwk]);
    const answer = await answerTo(await bearer({ key: foreign, header: { [parameter]: evil.url } }));
    const { hits } = evil;
    await evil.close();
    expect([answer, hits]).toEqual([refused('The signature of the token is not valid.'), 0]);
  });

  test('jwk is not used', async () => {
    expect(await answerTo(await bearer({ key: foreign, header: { jwk: foreign.jwk } as never }))).toEqual(
      refused('The signature of the token is not valid.'),
    );
  });

  test.each(['../../etc/passwd', "' or 1=1 --", '__proto__', 'constructor', 'x'.repeat(4000)])(
    'the key id %j is only compared',
    async (kid) => {
      expect(await answerTo(await bearer({ header: { kid } }))).toEqual(
        refused('The token is signed with a key that is not known.'),
      );
    },
  );

  test('a key id that is no text is refused', async () => {
    expect(
      await answerTo(`Bearer ${tokenOf({ alg: 'RS256', kid: 7 }, { iss: 'https://issuer.test' }, 'AAAA')}`),
    ).toEqual(refused('The key id of the token is not a text.'));
  });

  /* CVE-2026-35042 of fast-jwt: an extension that is critical and not known. RFC 7515 §4.1.11. */
  test('an unknown critical extension is refused', async () => {
    const header = { alg: 'RS256', kid: 'rsa1', crit: ['exp-ext'], 'exp-ext': 1 };
    const claims = { iss: 'https://issuer.test', aud: 'gateway', sub: 'u1', exp: nowSeconds() + 600 };
    const signed = tokenOf(header, claims).slice(0, -1);
    const signature = Buffer.from(
      await crypto.subtle.sign('RSASSA-PKCS1-v1_5', rsa.privateKey as never, Buffer.from(signed)),
    ).toString('base64url');
    expect(await answerTo(`Bearer ${signed}.${signature}`)).toEqual(
      refused('The token is not a valid JSON Web Token.'),
    );
  });
});

describe('security: what is no signed token', () => {
  const noToken = refused('The token is not a signed JSON Web Token.');

  /* CVE-2024-28176 of jose: an encrypted token whose plaintext is compressed. */
  test('an encrypted one is refused without being decrypted', async () => {
    const token = await new CompactEncrypt(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(
        (await crypto.subtle.importKey(
          'jwk',
          { ...rsa.jwk, alg: 'RSA-OAEP-256', use: 'enc' } as never,
          { name: 'RSA-OAEP', hash: 'SHA-256' },
          true,
          ['encrypt'],
        )) as never,
      );
    const [, ...others] = token.split('.');
    const header = Buffer.from('{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}').toString('base64url');
    expect(await answerTo(`Bearer ${[header, ...others].join('.')}`)).toEqual(noToken);
  });

  test.each([
    'abc',
    'a.b',
    'a.b.c.d',
    '..',
    'a.b.c',
    `${Buffer.from('[]').toString('base64url')}.e30.AAAA`,
    `${Buffer.from('{"alg":"RS256"').toString('base64url')}.e30.AAAA`,
    `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.WzFd.AAAA`,
    'eyJhbGciOiJSUzI1NiJ9.e30=.AAAA',
    'null',
  ])('%s is refused', async (text) => {
    expect(await answerTo(`Bearer ${text}`)).toEqual(noToken);
  });

  test('a token of more than 8,192 bytes is refused unread', async () => {
    expect(await answerTo(await bearer({ claims: { pad: 'x'.repeat(8_192) } }))).toEqual(
      refused('The token is longer than 8192 bytes.'),
    );
  });

  test('a token of more bytes than all headers may have is a 431', async () => {
    expect(await answerTo(`Bearer ${'x'.repeat(70_000)}`)).toMatchObject({ status: 431, fetches: 0 });
  });
});

describe('security: the form of credentials', () => {
  const malformed = (message: string) => ({
    status: 400,
    challenge: `Bearer realm="graphql", error="invalid_request", error_description="${message}"`,
    data: undefined,
    errors: [`AUTH_ERROR: ${message}`],
    fetches: 0,
  });
  const otherPrefix = 'The header authorization must be `Bearer <token>`.';

  test.each<[string, string]>([
    ['Basic dTpw', otherPrefix],
    ['Bearerabc', otherPrefix],
    ['abc', otherPrefix],
    ['Bearer', 'The header authorization holds no token.'],
    ['Bearer a.b.c d.e.f', 'The header authorization must hold one token.'],
    ['Bearer a.b.c, Bearer d.e.f', 'The header authorization must hold one token.'],
  ])('%j is refused with 400', async (authorization, message) => {
    expect(await answerTo(authorization)).toEqual(malformed(message));
  });

  test('two authorization headers are refused, good as both may be', async () => {
    const token = await bearer();
    const body = JSON.stringify(query);
    const text = [
      'POST /graphql HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      `Authorization: ${token}`,
      `AUTHORIZATION: ${token}`,
      `Content-Length: ${body.length}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n');
    const before = accounts.requests.length;
    const { status, body: answer } = await rawExchange({ port: gateway.port, text });
    expect([status, JSON.parse(answer), accounts.requests.length - before]).toEqual([
      400,
      {
        errors: [
          { message: 'The header authorization came more than once.', extensions: { code: 'AUTH_ERROR' } },
        ],
      },
      0,
    ]);
  });

  test('a refusal comes before the body is read', async () => {
    const text = [
      'POST /graphql HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Authorization: Bearer abc',
      'Content-Length: 900000',
      '',
      '{"query":"',
    ].join('\r\n');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(text);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 [\s\S]*content-type: application\/json/);
  });

  test('GET requests are held to the same', async () => {
    const response = await fetch(`${gateway.url}/graphql?query={me{name}}`, {
      headers: { authorization: 'Bearer abc', 'apollo-require-preflight': '1' },
    });
    expect(response.status).toBe(401);
  });
});

describe('security: key ids that nobody knows', () => {
  test('500 of them cause one read of the key set', async () => {
    const server = await startKeySetServer([rsa.jwk]);
    const other = await startGateway({
      subgraphs: [accounts],
      settings: { authentication: { jwt: { jwks: [{ url: server.url }] } } },
    });
    await other.ask(query, { authorization: await bearer() });
    const before = server.hits;
    const tokens = await Promise.all(
      Array.from({ length: 500 }, (_, index) => bearer({ header: { kid: `random-${index}` } })),
    );
    const statuses = new Set<number>();
    for (let start = 0; start < tokens.length; start += 50) {
      const answers = await Promise.all(
        tokens.slice(start, start + 50).map((authorization) => other.ask(query, { authorization })),
      );
      for (const { status } of answers) statuses.add(status);
    }
    const { hits } = server;
    await other.stop();
    await server.close();
    expect([[...statuses], hits - before]).toEqual([[401], 1]);
  });
});
