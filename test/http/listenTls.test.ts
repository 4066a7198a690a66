import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Authority, type Certified, certificateAuthority } from '../support/certificates.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';

const authority = certificateAuthority();

let gateway: GatewayUnderTest | undefined;
let agent: Agent | undefined;
afterEach(async () => {
  agent?.destroy();
  await gateway?.stop();
  gateway = undefined;
  agent = undefined;
});

async function start(own: Certified, clients?: Authority): Promise<GatewayUnderTest> {
  gateway = await startGateway({
    subgraphs: [{ name: 'none', url: 'http://127.0.0.1:9/', sdl: 'type Query { x: Int }' }],
    files: { 'tls.crt': own.cert, 'tls.key': own.key, ...(clients && { 'clients.pem': clients.cert }) },
    settings: {
      engine: 'compiled',
      listen: {
        tls: {
          certificate: 'tls.crt',
          key: 'tls.key',
          ...(clients && { client_certificate_authorities: 'clients.pem' }),
        },
      },
    },
  });
  return gateway;
}

/** The name in the certificate that is shown, and the answer, over a connection of the agent. */
function ask(over: Agent): Promise<{ shown: string; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${gateway?.url}/graphql`,
      { method: 'POST', agent: over, headers: { 'content-type': 'application/json' } },
      async (response) => {
        const shown = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve({ shown, text: text.trim() });
      },
    );
    outgoing.once('error', reject);
    outgoing.end('{"query":"{ __typename }"}');
  });
}

const agentWith = (options: object = {}): Agent => {
  agent?.destroy();
  agent = new Agent({ ca: authority.cert, keepAlive: true, maxSockets: 1, ...options });
  return agent;
};
const answer = '{"data":{"__typename":"Query"}}';

describe('http: a listener with TLS', () => {
  test('shows its certificate, and answers', async () => {
    const { url } = await start(authority.issue({ commonName: 'gateway' }));
    expect(url).toMatch(/^https:/);
    expect(await ask(agentWith())).toEqual({ shown: 'gateway', text: answer });
  });

  test('shows files that were replaced to new connections, and the others stay', async () => {
    const { folder } = await start(authority.issue({ commonName: 'before' }));
    const kept = agentWith();
    expect((await ask(kept)).shown).toBe('before');
    agent = undefined;
    const after = authority.issue({ commonName: 'after' });
    writeFileSync(path.join(folder, 'tls.crt'), after.cert);
    writeFileSync(path.join(folder, 'tls.key'), after.key);
    while ((await ask(agentWith())).shown !== 'after');
    expect(await ask(kept)).toEqual({ shown: 'before', text: answer });
    kept.destroy();
  });

  test('takes only clients with a certificate of the authorities in the settings', async () => {
    const clients = certificateAuthority('Clients');
    await start(authority.issue(), clients);
    const { cert, key } = clients.issue({ commonName: 'app', names: [] });
    expect((await ask(agentWith({ cert, key }))).text).toBe(answer);
    await expect(ask(agentWith())).rejects.toThrow();
    const other = certificateAuthority('Clients').issue();
    await expect(ask(agentWith({ cert: other.cert, key: other.key }))).rejects.toThrow();
  });

  test('closes a connection that speaks no TLS', async () => {
    const { port } = await start(authority.issue());
    const socket = connectPlain(port, '127.0.0.1').on('error', () => {});
    const closed = once(socket.resume(), 'close');
    socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n');
    await closed;
    expect((await ask(agentWith())).text).toBe(answer);
  });

  test.each(['nothing was sent', 'a request was answered'])(
    'does not wait for a connection on which %s when it stops',
    async (what) => {
      const running = await start(authority.issue());
      const socket = connect({ port: running.port, host: '127.0.0.1', ca: authority.cert });
      await once(socket, 'secureConnect');
      if (what !== 'nothing was sent') {
        socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n');
        await once(socket, 'data');
      }
      const closed = once(socket.resume(), 'close');
      const startedAt = performance.now();
      await running.stop();
      gateway = undefined;
      await closed;
      // half a second for what may be on its way; the drain would take thirty
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    },
  );

  test('does not start with a key of another certificate', async () => {
    const own = authority.issue();
    await expect(start({ cert: own.cert, key: authority.issue().key })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: 'listen.tls.key: is not the key of the first certificate of listen.tls.certificate',
    });
  });
});
