import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { certificateAuthority } from '../support/certificates.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';

const authority = certificateAuthority();
const identity = (commonName: string) => authority.issue({ commonName, names: [] });

/** Answers with the name in the certificate that it is shown. */
let server: Server;
let gateway: GatewayUnderTest | undefined;
beforeAll(async () => {
  server = createServer(
    { ...authority.issue(), ca: authority.cert, requestCert: true },
    (request, response) => {
      request.resume().on('end', () => {
        const { subject } = (request.socket as TLSSocket).getPeerCertificate();
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ data: { shown: subject.CN } }));
      });
    },
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function start(
  engine: string,
  tls: unknown,
  files: Readonly<Record<string, string>> = {},
): Promise<GatewayUnderTest> {
  const url = `https://localhost:${(server.address() as AddressInfo).port}/graphql`;
  gateway = await startGateway({
    subgraphs: [{ name: 'mirror', url, sdl: 'type Query { shown: String }' }],
    settings: { engine, tls, traffic_shaping: { all: { deduplicate_query: false } } },
    files,
  });
  return gateway;
}

describe.each(['compiled', 'apollo'])('subgraphs over TLS, engine %s', (engine) => {
  test('are asked by the settings of all and of each, and files that are replaced are taken up under load', async () => {
    const before = identity('before');
    const { folder, answerTo } = await start(
      engine,
      {
        all: { certificate_authorities: authority.cert },
        subgraphs: { mirror: { client_authentication: { certificate_chain: 'tls.crt', key: 'tls.key' } } },
      },
      { 'tls.crt': before.cert, 'tls.key': before.key },
    );
    const answers: string[] = [];
    let isLoaded = true;
    const load = Array.from({ length: 4 }, async () => {
      while (isLoaded) answers.push(JSON.stringify(await answerTo({ query: '{ shown }' })));
    });
    const answersWith = async (name: string): Promise<void> => {
      while (answers.at(-1) !== `{"data":{"shown":"${name}"}}`) await answerTo({ query: '{ __typename }' });
    };
    await answersWith('before');
    const after = identity('after');
    writeFileSync(path.join(folder, 'tls.crt'), after.cert);
    writeFileSync(path.join(folder, 'tls.key'), after.key);
    await answersWith('after');
    isLoaded = false;
    await Promise.all(load);
    expect([...new Set(answers)]).toEqual(['{"data":{"shown":"before"}}', '{"data":{"shown":"after"}}']);
  });
});

describe('subgraphs over TLS', () => {
  test('that are not trusted are an error that names neither host nor certificate', async () => {
    const { answerTo } = await start('compiled', {
      all: { certificate_authorities: certificateAuthority().cert },
    });
    expect(await answerTo({ query: '{ shown }' })).toEqual({
      data: { shown: null },
      errors: [
        {
          message: "HTTP fetch failed from 'mirror': the certificate is not trusted",
          path: ['shown'],
          extensions: {
            code: 'SUBREQUEST_HTTP_ERROR',
            service: 'mirror',
            reason: 'the certificate is not trusted',
          },
        },
      ],
    });
  });
});

describe('settings of TLS', () => {
  const own = identity('gateway');
  const other = identity('other');
  test.each([
    [
      { all: { certificate_authorities: 'none.pem' } },
      /^tls\.all\.certificate_authorities: could not be read: ENOENT/,
    ],
    [
      { subgraphs: { mirror: { client_authentication: { certificate_chain: own.cert, key: other.key } } } },
      /^tls\.subgraphs\.mirror\.client_authentication\.key: is not the key of the first certificate of tls\.subgraphs\.mirror\.client_authentication\.certificate_chain$/,
    ],
    [
      {
        all: { client_authentication: { certificate_chain: own.cert, key: other.key } },
        subgraphs: { mirror: { certificate_authorities: authority.cert } },
      },
      /^tls\.all\.client_authentication\.key: is not the key/,
    ],
  ])('that cannot be used are refused at a start with their key: %#', async (tls, message) => {
    await expect(start('compiled', tls)).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
