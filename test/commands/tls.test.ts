import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { certificateAuthority } from '../support/certificates.ts';
import { supergraphOf } from '../support/runningGateway.ts';
import {
  killServing,
  removeFolder,
  runCommand,
  type Serving,
  startServing,
  writeFile,
} from './commandHarness.ts';

const authority = certificateAuthority();
const sdl = 'type Query { x: Int }';

/** Gives its schema to who asks for it, and 1 to all others. */
const subgraph = createServer(authority.issue(), async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ data: body.includes('_service') ? { _service: { sdl } } : { x: 1 } }));
});
const url = (): string => `https://localhost:${(subgraph.address() as AddressInfo).port}/`;

let serving: Serving | undefined;
beforeAll(async () => {
  await once(subgraph.listen(0, '127.0.0.1'), 'listening');
  writeFile('ca.pem', authority.cert);
  writeFile('a.graphql', supergraphOf([{ name: 'a', url: url(), sdl }]));
});
afterEach(async () => {
  serving?.child.kill('SIGKILL');
  await serving?.ended;
  serving = undefined;
});
afterAll(async () => {
  killServing();
  subgraph.closeAllConnections();
  await new Promise((resolve) => subgraph.close(resolve));
  removeFolder();
});

async function serve(
  args: string,
  env: Readonly<Record<string, string>>,
): Promise<{ log: Serving['log']; origin: string }> {
  serving = await startServing(['--port', '0', ...args.split(' ')], env);
  return { log: serving.log, origin: serving.url };
}

async function ask(origin: string): Promise<unknown> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ x }' }),
  });
  return response.json();
}

describe('tributary serve: TLS', () => {
  // Source: Node.js documentation, "NODE_EXTRA_CA_CERTS"
  test('trusts the authorities of NODE_EXTRA_CA_CERTS, where it reads schemas too', async () => {
    writeFile('tls.yaml', `subgraphs: { a: { schema: { subgraph_url: "${url()}" } } }`);
    const { origin } = await serve('--config tls.yaml', { NODE_EXTRA_CA_CERTS: 'ca.pem' });
    expect(await ask(origin)).toEqual({ data: { x: 1 } });
  });

  // a test's own process has a copy of the environment, which TLS does not look at
  const unverified = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };

  test('logs what a connection failed of, which clients do not read; no variable switches that off', async () => {
    const { log, origin } = await serve('--supergraph a.graphql', unverified);
    expect(JSON.stringify(await ask(origin))).not.toMatch(/localhost|issuer/);
    await log.waitFor(/"subgraph":"a".*"detail":"unable to (verify the first|get local issuer) certificate"/);
  });

  test('reads no schema of an unknown server, whatever the environment says', async () => {
    writeFile('tls.yaml', `subgraphs: { b: { schema: { subgraph_url: "${url()}" } } }`);
    const { log } = await serve('--config tls.yaml', unverified);
    await log.waitFor(/"subgraph":"b".*unable to (verify the first|get local issuer) certificate/);
  });

  test('answers over TLS in every worker', async () => {
    const { cert, key } = authority.issue();
    writeFile('own.yaml', JSON.stringify({ listen: { tls: { certificate: cert, key } } }));
    const { origin } = await serve('--supergraph a.graphql --settings own.yaml --workers 2', {
      NODE_EXTRA_CA_CERTS: 'ca.pem',
    });
    expect(origin).toMatch(/^https:/);
    const statuses = await Promise.all(
      Array.from(
        { length: 6 },
        () =>
          new Promise((resolve, reject) => {
            const options = { ca: authority.cert, agent: false } as const;
            get(`${origin}/health/ready`, options, (response) => resolve(response.resume().statusCode)).once(
              'error',
              reject,
            );
          }),
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  }, 60_000);

  test('ends with exit code 3 for a certificate that cannot be used', async () => {
    writeFile('broken.yaml', 'tls: { all: { certificate_authorities: ./broken.yaml } }');
    const { code, stderr } = await runCommand('serve --port 0 --supergraph a.graphql --settings broken.yaml');
    expect([code, stderr]).toEqual([3, 'tls.all.certificate_authorities: holds no certificate in PEM\n']);
  });
});
