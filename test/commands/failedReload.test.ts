import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type GatewayServer, gatewayServer } from '../../gateway/commands/gatewayServer.ts';
import { discoveriesOf } from '../../gateway/commands/supergraphSourceOf.ts';
import { readSettings } from '../../gateway/settings.ts';
import type { Settings } from '../../gateway/settingsSchema.ts';

/** Takes connections, and is no Redis. */
const redis = createServer();
const sockets: Socket[] = [];
redis.on('connection', (socket) => sockets.push(socket.on('error', () => {})));

const log = pino({ level: 'silent' });
let cwd: string;
let server: GatewayServer;

function settingsOf(written: unknown): Settings {
  writeFileSync(path.join(cwd, 'gateway.yaml'), JSON.stringify(written));
  return readSettings({ env: {}, cwd });
}

beforeAll(async () => {
  cwd = mkdtempSync(path.join(tmpdir(), 'tributary-reload-'));
  await once(redis.listen(0, '127.0.0.1'), 'listening');
  const settings = settingsOf({});
  const discoveries = discoveriesOf({ settings, cwd, log });
  server = await gatewayServer({
    settings,
    cwd,
    log,
    discoveries,
    readiness: () => ({ isReady: true, waitingFor: [] }),
  });
});
afterAll(async () => {
  await server.stop();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => redis.close(resolve));
  rmSync(cwd, { recursive: true });
});

describe('a reload of settings that fails', () => {
  test('leaves no connection to Redis open', async () => {
    const { port } = redis.address() as AddressInfo;
    writeFileSync(path.join(cwd, 'keys.json'), 'no key set');
    const changed = settingsOf({
      redis: { url: `redis://127.0.0.1:${port}` },
      authentication: { jwt: { jwks: [{ file: 'keys.json' }] } },
    });
    await expect(server.prepareReload(changed)).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
    // connections are taken in order: with this one, an earlier one has come as well
    const accepted = once(redis, 'connection');
    const own = connect(port, '127.0.0.1');
    await accepted;
    const others = sockets.filter(({ remotePort }) => remotePort !== own.localPort);
    own.destroy();
    await Promise.all(others.map((socket) => socket.destroyed || once(socket.resume(), 'close')));
    expect(others.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
