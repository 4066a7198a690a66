import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { certificateAuthority } from '../support/certificates.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';

const authority = certificateAuthority();

/** Answers with the version of HTTP that it was asked over, and the number of its connections. */
const connections = new Set<unknown>();
const server = createSecureServer({ ...authority.issue(), allowHTTP1: true }, (request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { version: request.httpVersion } }));
  });
});
server.on('secureConnection', (socket) => connections.add(socket));

let gateway: GatewayUnderTest | undefined;
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function start(engine: string, all: unknown, own: unknown): Promise<GatewayUnderTest> {
  const url = `https://localhost:${(server.address() as AddressInfo).port}/graphql`;
  gateway = await startGateway({
    subgraphs: [{ name: 'mirror', url, sdl: 'type Query { version: String }' }],
    settings: {
      engine,
      tls: { all: { certificate_authorities: authority.cert } },
      traffic_shaping: { all: { deduplicate_query: false, ...(all as object) }, subgraphs: { mirror: own } },
    },
  });
  return gateway;
}

describe.each(['compiled', 'apollo'])('subgraphs over HTTP/2, engine %s', (engine) => {
  test.each([
    ['enable', '2.0'],
    ['http2only', '2.0'],
    ['disable', '1.1'],
  ])('are asked over it by `http2: %s` of their own', async (http2, version) => {
    const { answerTo } = await start(
      engine,
      { http2: http2 === 'disable' ? 'enable' : 'disable' },
      { http2 },
    );
    const before = connections.size;
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerTo({ query: '{ version }' })));
    expect(answers).toEqual(answers.map(() => ({ data: { version } })));
    if (version === '2.0') expect(connections.size).toBe(before + 1);
  });
});
