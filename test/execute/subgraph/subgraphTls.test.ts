import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../gateway/errors.ts';
import type { SubgraphTls } from '../../../gateway/execute/subgraph/connections.ts';
import type { SubgraphResponse } from '../../../gateway/execute/subgraph/subgraphRequest.ts';
import type { SubgraphSender } from '../../../gateway/execute/subgraph/subgraphSender.ts';
import { Cancellation } from '../../../gateway/runtime/cancellation.ts';
import type { TlsMaterial } from '../../../gateway/runtime/tls/tlsMaterial.ts';
import { type Certified, certificateAuthority } from '../../support/certificates.ts';
import { senderUnderTest } from '../../support/senderUnderTest.ts';

const authority = certificateAuthority();
const stranger = certificateAuthority('Another authority');

let server: Server | undefined;
let client: SubgraphSender | undefined;
afterEach(async () => {
  await client?.close();
  server?.closeAllConnections();
  server?.close();
  client = undefined;
  server = undefined;
});

/** Answers with the name in the certificate that it is shown, `nobody` without one. */
async function serverWith(certified: Certified, options: TlsOptions = {}): Promise<Server> {
  server = createServer({ ...certified, ...options }, (request, response) => {
    request.resume().on('end', () => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: { shown: subject?.CN ?? 'nobody' } }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

/** Material that a test replaces. */
class Material {
  readonly #listeners = new Set<() => void>();
  current: TlsMaterial;
  constructor(ca: string | undefined, own?: Certified) {
    this.current = materialOf(ca, own);
  }
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  replace(ca: string | undefined, own?: Certified): void {
    this.current = materialOf(ca, own);
    for (const listener of this.#listeners) listener();
  }
}
const materialOf = (ca: string | undefined, own?: Certified): TlsMaterial => ({
  ca,
  cert: own?.cert,
  key: own?.key,
  expiries: [],
});

function clientOf(tls: SubgraphTls | undefined, host = 'localhost'): SubgraphSender {
  client = senderUnderTest({
    subgraph: 'greeter',
    url: `https://${host}:${(server?.address() as AddressInfo | undefined)?.port}/graphql`,
    tls,
  });
  return client;
}

const send = (to: SubgraphSender): Promise<SubgraphResponse> =>
  to.send({
    body: '{"query":"{ shown }"}',
    headers: {},
    cancellation: new Cancellation(),
    isShareable: false,
    isRepeatable: true,
  });

/** What a client of the gateway reads of it. */
async function reasonOf(sent: Promise<unknown>): Promise<unknown> {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GatewayError)) throw new Error(`no GatewayError but ${String(error)}`);
  expect(error.code).toBe('SUBREQUEST_HTTP_ERROR');
  expect(error.message).toBe(`HTTP fetch failed from 'greeter': ${error.extensions.reason}`);
  return error.extensions.reason;
}

describe('subgraph client: TLS', () => {
  test.each(['localhost', '127.0.0.1'])('trusts the authorities of the settings, at %s', async (host) => {
    await serverWith(authority.issue());
    const tls = { material: new Material(authority.cert) };
    expect(await send(clientOf(tls, host))).toEqual({ data: { shown: 'nobody' } });
  });

  test('shows its own certificate to a subgraph that asks for one', async () => {
    await serverWith(authority.issue(), { ca: authority.cert, requestCert: true });
    const own = authority.issue({ commonName: 'gateway', names: [] });
    expect(await send(clientOf({ material: new Material(authority.cert, own) }))).toEqual({
      data: { shown: 'gateway' },
    });
  });

  test('takes the name of the settings in place of that in the URL', async () => {
    await serverWith(authority.issue({ names: ['greeter.internal'] }));
    const tls = { material: new Material(authority.cert), serverName: 'greeter.internal' };
    expect(await send(clientOf(tls, '127.0.0.1'))).toEqual({ data: { shown: 'nobody' } });
  });
});

describe('subgraph client: TLS that fails', () => {
  const DAY_MS = 86_400_000;
  const past = { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) };
  const future = { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 9 * DAY_MS) };
  const trusting = (): SubgraphTls => ({ material: new Material(authority.cert) });

  const refused: readonly [string, Certified, SubgraphTls | undefined, string][] = [
    ['an unknown authority', stranger.issue(), trusting(), 'the certificate is not trusted'],
    [
      'an authority that the system does not know',
      authority.issue(),
      undefined,
      'the certificate is not trusted',
    ],
    ['a certificate that signs itself', stranger, trusting(), 'the certificate is not trusted'],
    [
      'another name',
      authority.issue({ names: ['other.internal'] }),
      trusting(),
      'the certificate is for another name',
    ],
    ['a certificate that has expired', authority.issue(past), trusting(), 'the certificate has expired'],
    ['a certificate of tomorrow', authority.issue(future), trusting(), 'the certificate is not valid yet'],
  ];
  test.each(refused)('%s', async (_what, certified, tls, reason) => {
    await serverWith(certified);
    expect(await reasonOf(send(clientOf(tls)))).toBe(reason);
  });

  test('a subgraph that speaks nothing newer than TLS 1.1', async () => {
    await serverWith(authority.issue(), {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    expect(await reasonOf(send(clientOf(trusting())))).toBe('no secure connection could be made');
  });

  // with TLS 1.3 the other side says so when the request is on its way already
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a subgraph that is shown no certificate, over %s',
    async (version) => {
      await serverWith(authority.issue(), {
        ca: authority.cert,
        requestCert: true,
        minVersion: version,
        maxVersion: version,
      });
      expect(['no secure connection could be made', 'connection closed', 'connection reset']).toContain(
        await reasonOf(send(clientOf(trusting()))),
      );
    },
  );
});

describe('subgraph client: certificates that are replaced', () => {
  test('are shown and trusted from the next request on, and no request fails', async () => {
    const running = await serverWith(authority.issue(), {
      ca: [authority.cert, stranger.cert],
      requestCert: true,
    });
    const material = new Material(authority.cert, authority.issue({ commonName: 'before', names: [] }));
    const sending = clientOf({ material });
    expect(await send(sending)).toEqual({ data: { shown: 'before' } });

    const held = once(running, 'request');
    const inFlight = send(sending);
    await held;
    running.setSecureContext({ ...stranger.issue(), ca: [authority.cert, stranger.cert] });
    material.replace(stranger.cert, stranger.issue({ commonName: 'after', names: [] }));
    expect([await send(sending), await inFlight]).toEqual([
      { data: { shown: 'after' } },
      { data: { shown: 'before' } },
    ]);
  });
});
