// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what an attacker writes
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { rawExchange } from '../support/rawExchange.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubRequest, type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';
import {
  type KeySetServer,
  makeKey,
  mint,
  type SigningKey,
  startKeySetServer,
} from '../support/tokenIssuer.ts';

/*
 * What subgraphs are sent, whatever a client or the issuer of its token writes. Sources: CVE-2022-31150 and CVE-2022-35948
 * (header injection in undici), CVE-2022-0235 (credentials across redirects), RFC 9110 §7.6.1 (headers of a connection),
 * W3C Trace Context §4.3. A client that leaves no trace of its own in headers it may not write is told by the stub.
 */

const SDL = /* GraphQL */ `
  type Query {
    me: User
  }
  type User {
    name: String
  }
`;
const SECRET = 'the secret of a gateway and its subgraphs';

let accounts: StubSubgraph;
let keySets: KeySetServer;
let rsa: SigningKey;

beforeAll(async () => {
  rsa = await makeKey('rsa1');
  keySets = await startKeySetServer([rsa.jwk]);
  accounts = await startStubSubgraph('accounts', SDL, { Query: { me: () => ({ name: 'Ada' }) } });
});

afterAll(async () => {
  await Promise.all([accounts?.close(), keySets?.close()]);
});

afterEach(() => {
  accounts.answer = undefined;
});

describe.each(['apollo', 'compiled'])('security: headers to subgraphs, engine %s', (engine) => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await startGateway({
      subgraphs: [accounts],
      env: { PRINCIPAL_SECRET: SECRET },
      settings: {
        engine,
        authentication: { jwt: { jwks: [{ url: keySets.url }] } },
        principal_header: { enabled: true },
        headers: {
          all: {
            request: [
              { propagate: { matching: 'x-.*|traceparent|connection|host|cookie2' } },
              { insert: { name: 'x-user-id', from_context: 'principal_id' } },
            ],
          },
        },
      },
    });
  });
  afterAll(() => gateway?.stop());

  /** What the subgraph got of a request with these headers. */
  async function sent(headers: Record<string, string>): Promise<StubRequest['headers']> {
    const response = await gateway.ask({ query: '{ me { name } }' }, headers);
    expect([response.status, await response.json()]).toEqual([200, { data: { me: { name: 'Ada' } } }]);
    return accounts.requests.at(-1)?.headers ?? {};
  }

  const bearer = async (claims: Record<string, unknown> = {}) => ({
    authorization: `Bearer ${await mint({ key: rsa, claims })}`,
  });
  const payloadOf = (headers: StubRequest['headers']): Record<string, unknown> =>
    JSON.parse(
      Buffer.from(String(headers['x-tributary-principal']).split('.')[0] ?? '', 'base64url').toString(),
    );

  test('a claim with a line break becomes no header, and the next request goes well', async () => {
    const headers = await sent(await bearer({ sub: 'u1\r\nx-admin: 1' }));
    expect([headers['x-admin'], headers['x-user-id'], payloadOf(headers).id]).toEqual([
      undefined,
      undefined,
      'u1\r\nx-admin: 1',
    ]);
    expect((await sent(await bearer()))['x-user-id']).toBe('u1');
  });

  test('a client does not choose the header that tells who it is', async () => {
    const headers = await sent({ 'x-user-id': 'root', x_user_id: 'root', 'x-tributary-principal': 'root' });
    expect([headers['x-user-id'], headers.x_user_id, payloadOf(headers)]).toEqual([
      undefined,
      undefined,
      expect.objectContaining({ kind: 'anonymous', aud: 'accounts' }),
    ]);
  });

  test('a client’s Connection header takes no trusted header away', async () => {
    const body = JSON.stringify({ query: '{ me { name } }' });
    const { authorization } = await bearer();
    const text = [
      'POST /graphql HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      'Connection: close, x-user-id, x-tributary-principal',
      `Authorization: ${authorization}`,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    const { status } = await rawExchange({ port: gateway.port, text });
    const headers = accounts.requests.at(-1)?.headers ?? {};
    expect([status, headers['x-user-id'], payloadOf(headers).id]).toEqual([200, 'u1', 'u1']);
  });

  test('neither the token nor headers of the connection are sent on', async () => {
    const headers = await sent({ ...(await bearer()), te: 'trailers', 'proxy-authorization': 'Basic x' });
    expect([headers.authorization, headers.te, headers['proxy-authorization'], headers.host]).toEqual([
      undefined,
      undefined,
      undefined,
      accounts.host,
    ]);
  });

  test('hostile trace and request ids are replaced or dropped', async () => {
    const headers = await sent({
      traceparent: 'x'.repeat(300),
      'x-request-id': '${jndi:ldap://x}%0d%0aX-A: 1',
    });
    expect([headers.traceparent, headers['x-request-id']]).toEqual([
      undefined,
      expect.stringMatching(/^[\w-]{36}$/),
    ]);
  });

  test('a redirect of a subgraph is not followed', async () => {
    const target = await startKeySetServer([]);
    accounts.answer = { status: 307, headers: { location: target.url } };
    const answer = await gateway.answerTo({ query: '{ me { name } }' }, await bearer());
    const { hits } = target;
    await target.close();
    expect([answer, hits]).toEqual([
      {
        data: { me: null },
        errors: [
          expect.objectContaining({ extensions: expect.objectContaining({ code: 'SUBREQUEST_HTTP_ERROR' }) }),
        ],
      },
      0,
    ]);
  });
});

describe('security: the secret of the principal header', () => {
  test('must be there where the header is sent', async () => {
    const settings = { principal_header: { enabled: true } };
    await expect(startGateway({ subgraphs: [accounts], settings })).rejects.toThrow(
      /^principal_header\.secret: needs a value .* set PRINCIPAL_SECRET to 32 random bytes or more/,
    );
  });
});
