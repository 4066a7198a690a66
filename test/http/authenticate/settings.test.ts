// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are written so
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { authenticatorOf } from '../../../gateway/commands/authenticatorOf.ts';
import { GatewayError } from '../../../gateway/errors.ts';
import type { Authenticator } from '../../../gateway/http/authenticate.ts';
import { readSettings } from '../../../gateway/settings.ts';
import { Telemetry } from '../../../gateway/telemetry/telemetry.ts';
import {
  type KeySetServer,
  type MintOptions,
  makeKey,
  mint,
  type SigningKey,
  startKeySetServer,
} from '../../support/tokenIssuer.ts';

/* `authentication:` of gateway.yaml, from the settings to the principal. Names and meaning: Apollo Router, "JWT authentication". */

let folder: string;
let keySets: KeySetServer;
let rsa: SigningKey;
let ec: SigningKey;
let ed: SigningKey;
const SECRET = 'a secret of more than 32 bytes, for both sides';
const running: Authenticator[] = [];
const telemetry = new Telemetry();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tributary-authentication-'));
  [rsa, ec, ed] = await Promise.all([makeKey('rsa1'), makeKey('ec1', 'ES256'), makeKey('ed1', 'EdDSA')]);
  keySets = await startKeySetServer([rsa.jwk, ec.jwk]);
  writeFileSync(path.join(folder, 'keys.json'), JSON.stringify({ keys: [ed.jwk] }));
});

afterEach(async () => {
  for (const authenticator of running.splice(0)) await authenticator.stop();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await keySets?.close();
});

async function authenticator(
  authentication: unknown,
  { env = {}, ...others }: { env?: Record<string, string>; csrf_prevention?: boolean } = {},
): Promise<Authenticator> {
  // JSON is YAML
  writeFileSync(path.join(folder, 'gateway.yaml'), JSON.stringify({ authentication, ...others }));
  const settings = readSettings({ env, cwd: folder });
  const made = await authenticatorOf({
    settings,
    cwd: folder,
    telemetry,
    log: pino({ level: 'silent' }),
  });
  running.push(made);
  return made;
}

/** What becomes of a request with these headers: the principal, or the refusal in words. */
async function ask(made: Authenticator, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const rawHeaders = Object.entries(headers).flat();
  try {
    const { kind, id, scopes, roles } = await made.principalOf({ headers, rawHeaders });
    return kind === 'anonymous' ? kind : { kind, id, scopes, roles };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const bearer = async (options: Partial<MintOptions> = {}): Promise<{ authorization: string }> => ({
  authorization: `Bearer ${await mint({ key: rsa, ...options })}`,
});
const user = { kind: 'user', id: 'u1', scopes: [], roles: [] };
const url = (): string => keySets.url;

describe('authentication: without settings', () => {
  test('everybody is anonymous, whatever is sent', async () => {
    expect(await ask(await authenticator({}), { authorization: 'Bearer abc' })).toBe('anonymous');
  });

  test('`require_authentication` refuses all', async () => {
    expect(await ask(await authenticator({ require_authentication: true }))).toBe(
      'UNAUTHENTICATED: This graph answers nobody without credentials.',
    );
  });
});

describe('authentication: the principal', () => {
  const read = async (claims: Record<string, unknown>, paths?: unknown): Promise<unknown> => {
    const jwt = { jwks: [{ url: url() }], ...(paths === undefined ? {} : { claims: paths }) };
    return ask(await authenticator({ jwt }), await bearer({ claims }));
  };

  test('has the scopes of a text with spaces, sorted and once each', async () => {
    expect(await read({ scope: 'write  read write ' })).toEqual({ ...user, scopes: ['read', 'write'] });
  });

  test('has the scopes of a list, and of it the texts only', async () => {
    expect(await read({ scope: ['b', 'a', 7, null, ''] })).toEqual({ ...user, scopes: ['a', 'b'] });
  });

  test('has the roles of the claim `roles`', async () => {
    expect(await read({ roles: ['STAFF', 'ADMIN'] })).toEqual({ ...user, roles: ['ADMIN', 'STAFF'] });
  });

  test('has no scopes where the claim is an object', async () => {
    expect(await read({ scope: { admin: true } })).toEqual(user);
  });

  test('has a number as its id', async () => {
    expect(await read({ sub: 42 })).toEqual({ ...user, id: '42' });
  });

  test('is read by the paths of the settings', async () => {
    const claims = {
      uid: 'u7',
      realm_access: { roles: ['admin'] },
      'https://shop.example.com/scopes': ['read'],
    };
    const paths = { id: 'uid', roles: 'realm_access.roles', scopes: 'https://shop.example.com/scopes' };
    expect(await read(claims, paths)).toEqual({ kind: 'user', id: 'u7', scopes: ['read'], roles: ['admin'] });
  });

  test.each(['__proto__', 'constructor.name', 'toString'])(
    'has no id at the path %s, which no claim has',
    async (id) => {
      expect(await read({}, { id })).toBe('UNAUTHENTICATED: The token names nobody.');
    },
  );

  test('is one frozen value for one token', async () => {
    const made = await authenticator({ jwt: { jwks: [{ url: url() }] } });
    const { authorization } = await bearer({ claims: { address: { country: 'DE' } } });
    const request = { headers: { authorization }, rawHeaders: ['authorization', authorization] };
    const [first, second] = [await made.principalOf(request), await made.principalOf(request)];
    expect([first === second, Object.isFrozen(first), Object.isFrozen(first.claims.address)]).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe('authentication: where a token stands', () => {
  const jwks = () => [{ url: url() }];

  test('`header_name` and `header_value_prefix` name the header', async () => {
    const made = await authenticator({
      jwt: { jwks: jwks(), header_name: 'X-Token', header_value_prefix: '' },
    });
    expect([
      await ask(made, { 'x-token': await mint({ key: rsa }) }),
      await ask(made, await bearer()),
    ]).toEqual([user, 'anonymous']);
  });

  test('`sources` are asked in order, after the header', async () => {
    const sources = [
      { type: 'cookie', name: 'session' },
      { type: 'header', name: 'X-Token', value_prefix: 'JWT' },
    ];
    const made = await authenticator({ jwt: { jwks: jwks(), sources } });
    const token = await mint({ key: rsa });
    const other = await mint({ key: rsa, claims: { sub: 'u2' } });
    expect([
      await ask(made, { cookie: `a=b; session=${token}; c=d` }),
      await ask(made, { 'x-token': `JWT ${token}` }),
      await ask(made, { cookie: `session=${other}`, authorization: `Bearer ${token}` }),
      await ask(made, { cookie: `session=${other}`, 'x-token': `JWT ${token}` }),
      await ask(made, { cookie: `asession=${token}` }),
    ]).toEqual([user, user, user, { ...user, id: 'u2' }, 'anonymous']);
  });

  test('two cookies of the name are refused', async () => {
    const made = await authenticator({
      jwt: { jwks: jwks(), sources: [{ type: 'cookie', name: 'session' }] },
    });
    const token = await mint({ key: rsa });
    expect(await ask(made, { cookie: `session=${token}; session=${token}` })).toBe(
      'AUTH_ERROR: The cookie session came more than once.',
    );
  });

  test('cookies are refused with `csrf_prevention` off', async () => {
    const made = authenticator(
      { jwt: { jwks: jwks(), sources: [{ type: 'cookie', name: 'session' }] } },
      { csrf_prevention: false },
    );
    await expect(made).rejects.toThrow(
      'csrf_prevention: cannot be off with tokens in cookies (authentication.jwt.sources): every site could act as the user.',
    );
  });

  test('another prefix is no token with `ignore_other_prefixes`', async () => {
    const made = await authenticator({ jwt: { jwks: jwks(), ignore_other_prefixes: true } });
    expect(await ask(made, { authorization: 'Basic dTpw' })).toBe('anonymous');
  });
});

describe('authentication: what is refused', () => {
  test('`on_error: Continue` leaves the sender anonymous', async () => {
    const made = await authenticator({ jwt: { jwks: [{ url: url() }], on_error: 'Continue' } });
    expect([
      await ask(made, { authorization: 'Bearer abc' }),
      await ask(made, { authorization: 'Basic dTpw' }),
      await ask(made, await bearer({ claims: { exp: 1 } })),
      await ask(made, await bearer()),
    ]).toEqual(['anonymous', 'anonymous', 'anonymous', user]);
  });

  test('`on_error: Continue` lets nobody past `require_authentication`', async () => {
    const made = await authenticator({
      require_authentication: true,
      jwt: { jwks: [{ url: url() }], on_error: 'Continue' },
    });
    expect(await ask(made, { authorization: 'Bearer abc' })).toMatch(/^UNAUTHENTICATED: /);
  });

  test('`leeway_ms` bounds what clocks may differ by', async () => {
    const made = await authenticator({ jwt: { jwks: [{ url: url() }], leeway_ms: 0 } });
    const claims = { exp: Math.floor(Date.now() / 1000) - 5 };
    expect(await ask(made, await bearer({ claims }))).toBe('UNAUTHENTICATED: The token has expired.');
  });

  test('`allow_missing_exp` accepts a token that never expires', async () => {
    const made = await authenticator({ jwt: { jwks: [{ url: url(), allow_missing_exp: true }] } });
    expect(await ask(made, await bearer({ claims: { exp: undefined } }))).toEqual(user);
  });

  test('`algorithms` narrows what the keys would allow', async () => {
    const made = await authenticator({ jwt: { jwks: [{ url: url(), algorithms: ['ES256'] }] } });
    expect([await ask(made, await bearer()), await ask(made, await bearer({ key: ec }))]).toEqual([
      'UNAUTHENTICATED: The token is signed with an algorithm that is not accepted.',
      user,
    ]);
  });

  test('a key set that cannot be read is a 503, and nobody without a token feels it', async () => {
    const made = await authenticator({ jwt: { jwks: [{ url: 'http://127.0.0.1:1/jwks.json' }] } });
    expect([await ask(made, await bearer()), await ask(made)]).toEqual([
      'AUTHENTICATION_UNAVAILABLE: Tokens cannot be checked now; try again soon.',
      'anonymous',
    ]);
  });

  test('`headers` go with the request for a key set', async () => {
    const server = await startKeySetServer((request, response) => {
      if (request.headers['x-key'] === 'k') response.end(JSON.stringify({ keys: [rsa.jwk] }));
      else response.writeHead(403).end();
    });
    const headers = [{ name: 'X-Key', value: 'k' }];
    const made = await authenticator({ jwt: { jwks: [{ url: server.url, headers }] } });
    const answer = await ask(made, await bearer());
    await server.close();
    expect(answer).toEqual(user);
  });

  test('a key set behind a redirect is not followed', async () => {
    const target = await startKeySetServer([rsa.jwk]);
    const server = await startKeySetServer((_request, response) =>
      response.writeHead(302, { location: target.url }).end(),
    );
    const made = await authenticator({ jwt: { jwks: [{ url: server.url }] } });
    const answer = await ask(made, await bearer());
    const { hits } = target;
    await Promise.all([target.close(), server.close()]);
    expect([answer, hits]).toEqual([
      'AUTHENTICATION_UNAVAILABLE: Tokens cannot be checked now; try again soon.',
      0,
    ]);
  });

  test('a key set that never ends is cut off at `max_key_set_bytes`', async () => {
    const server = await startKeySetServer((_request, response) => {
      const write = (): void => {
        if (!response.destroyed) response.write('x'.repeat(1_000), () => setImmediate(write));
      };
      write();
    });
    const made = await authenticator({ jwt: { jwks: [{ url: server.url }], max_key_set_bytes: 100_000 } });
    const answer = await ask(made, await bearer());
    await server.close();
    expect(answer).toBe('AUTHENTICATION_UNAVAILABLE: Tokens cannot be checked now; try again soon.');
  });
});

describe('authentication: several issuers', () => {
  const settings = () => ({
    jwt: {
      jwks: [
        { url: url(), issuers: ['https://issuer.test'], audiences: ['gateway'] },
        { file: 'keys.json', issuers: ['partner'], claims: { id: 'partner_id' } },
        { secret: '${env.SERVICE_SECRET}', issuers: ['cron'] },
      ],
    },
  });
  const made = () => authenticator(settings(), { env: { SERVICE_SECRET: SECRET } });
  const secretKey = { secret: new TextEncoder().encode(SECRET), alg: 'HS256' };

  test('each is verified with keys and claims of its own', async () => {
    const one = await made();
    expect([
      await ask(one, await bearer()),
      await ask(one, await bearer({ key: ed, claims: { iss: 'partner', sub: undefined, partner_id: 'p1' } })),
      await ask(one, await bearer({ key: secretKey, claims: { iss: 'cron', sub: 'nightly' } })),
    ]).toEqual([user, { ...user, id: 'p1' }, { ...user, id: 'nightly' }]);
  });

  test('none speaks for another', async () => {
    const one = await made();
    expect([
      await ask(one, await bearer({ claims: { iss: 'partner', partner_id: 'p1' } })),
      await ask(one, await bearer({ key: ed, claims: {} })),
      await ask(one, await bearer({ key: secretKey, header: { kid: 'rsa1' } })),
    ]).toEqual([
      'UNAUTHENTICATED: The token is signed with a key that is not known.',
      'UNAUTHENTICATED: The token is signed with a key that is not known.',
      'UNAUTHENTICATED: The token is signed with an algorithm that is not accepted.',
    ]);
  });

  test('one that cannot be reached leaves the others unharmed', async () => {
    const one = await authenticator({
      jwt: { jwks: [{ url: 'http://127.0.0.1:1/jwks.json' }, { url: url() }] },
    });
    expect(await ask(one, await bearer())).toEqual(user);
  });
});

describe('authentication: what is counted', () => {
  test('is every request, by what its credentials proved', async () => {
    const results: string[] = [];
    const stop = telemetry.listen({
      measured: (instrument, value, attributes) =>
        results.push(`${instrument} ${value} ${attributes['authentication.result']}`),
    });
    const made = await authenticator({ jwt: { jwks: [{ url: url() }] } });
    await ask(made);
    await ask(made, await bearer());
    await ask(made, await bearer({ claims: { exp: 1 } }));
    await ask(made, { authorization: 'Basic x' });
    stop();
    expect(results).toEqual(
      ['anonymous', 'user', 'EXPIRED_SIGNATURE', 'INVALID_PREFIX'].map(
        (result) => `authentications 1 ${result}`,
      ),
    );
  });
});

describe('authentication: rotation', () => {
  test('a token that was accepted is refused when its key has gone', async () => {
    const [before, after] = await Promise.all([makeKey('k1', 'ES256'), makeKey('k2', 'ES256')]);
    const server = await startKeySetServer([before.jwk]);
    const made = await authenticator({ jwt: { jwks: [{ url: server.url }] } });
    const old = await bearer({ key: before });
    const first = await ask(made, old);
    server.serve([after.jwk]);
    const answers = [first, await ask(made, await bearer({ key: after })), await ask(made, old)];
    await server.close();
    expect(answers).toEqual([
      user,
      user,
      'UNAUTHENTICATED: The token is signed with a key that is not known.',
    ]);
  });
});

describe('authentication: settings that are refused', () => {
  const refusal = async (jwks: unknown, env: Record<string, string> = {}): Promise<string> => {
    try {
      await authenticator({ jwt: { jwks: [jwks] } }, { env });
    } catch (error) {
      return (error as Error).message.replaceAll(folder, 'FOLDER');
    }
    return 'accepted';
  };

  test.each<[unknown, string]>([
    [{}, 'authentication.jwt.jwks[0]: takes exactly one of `url`, `file` and `secret`'],
    [{ url: 'ftp://x/keys' }, 'authentication.jwt.jwks[0].url: is not an http: or https: URL'],
    [
      { url: 'https://x/keys', file: 'keys.json' },
      'authentication.jwt.jwks[0]: takes exactly one of `url`, `file` and `secret`',
    ],
    [
      { url: 'https://x/keys', algorithms: ['HS256'] },
      'authentication.jwt.jwks[0].algorithms: HS algorithms need a `secret`, or a `file` with a key of type `oct`',
    ],
    [
      { secret: SECRET, algorithms: ['RS256'] },
      'authentication.jwt.jwks[0].algorithms: a `secret` goes with HS256, HS384 and HS512 only',
    ],
    [
      { file: 'keys.json', key_id: 'a' },
      'authentication.jwt.jwks[0].key_id: goes with `secret`: the keys of a set have ids of their own',
    ],
    [{ file: 'none.json' }, 'ENOENT'],
    [
      { file: 'gateway.yaml' },
      'The key set of authentication.jwt.jwks[0], gateway.yaml, cannot be used: it is not a JSON Web Key Set: it has no list `keys`.',
    ],
  ])('%j', async (jwks, message) => {
    expect(await refusal(jwks)).toContain(message);
  });

  test('the algorithm `none` is none', async () => {
    expect(await refusal({ url: 'https://x/keys', algorithms: ['none'] })).toContain(
      'authentication.jwt.jwks[0].algorithms[0]: Invalid option',
    );
  });

  test('a secret that is too short is refused, and not printed', async () => {
    const message = await refusal({ secret: '${env.SERVICE_SECRET}' }, { SERVICE_SECRET: 'S3CR3T-SHORT' });
    expect(message).toBe(
      'FOLDER/gateway.yaml cannot be used: authentication.jwt.jwks[0].secret: must have 32 bytes or more',
    );
  });
});
