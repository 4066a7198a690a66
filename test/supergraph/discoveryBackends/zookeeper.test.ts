import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { InstanceReader } from '../../../gateway/supergraph/discoveryBackend.ts';
import { freePorts } from '../../support/freePorts.ts';
import { findZookeeper, startZookeeperServer, type ZookeeperServer } from '../../support/zookeeperServer.ts';
import { ZookeeperWriter } from '../../support/zookeeperWriter.ts';
import { failureOf, instancesOf, readerOf, urlsOf } from './backendHarness.ts';

const hasServer = findZookeeper();
const overZookeeper = hasServer ? describe : describe.skip;

let server: ZookeeperServer;
let writer: ZookeeperWriter;
let readers: InstanceReader[] = [];
let node: string;
let count = 0;

beforeAll(async () => {
  if (hasServer) server = await startZookeeperServer();
});
afterAll(() => server?.close());
beforeEach(async () => {
  if (!hasServer) return;
  writer = await ZookeeperWriter.open(server.port);
  // each test has a node of its own
  count += 1;
  node = `/reviews-${count}`;
  await writer.create(node, '');
});
afterEach(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  readers = [];
  writer?.close();
});

function open(path = node, zookeeper: Record<string, unknown> = {}): InstanceReader {
  const reader = readerOf(`zookeeper://${path}`, {
    timeout_ms: 5_000,
    zookeeper: { servers: `127.0.0.1:${server.port}`, session_timeout_ms: 2_000, ...zookeeper },
  });
  readers.push(reader);
  return reader;
}

overZookeeper('zookeeper: entries', () => {
  const entries: readonly [string, string, string, readonly string[]][] = [
    ['`host:port`', 'a', '10.0.0.7:4004\n', ['http://10.0.0.7:4004/graphql']],
    ['nothing but a name that is host and port', '10.0.0.7:4004', '', ['http://10.0.0.7:4004/graphql']],
    [
      'an entry of Curator',
      'a',
      '{"name":"reviews","id":"a","address":"10.0.0.7","port":4004}',
      ['http://10.0.0.7:4004/graphql'],
    ],
    [
      '… with a secure port alone',
      'a',
      '{"address":"10.0.0.7","port":null,"sslPort":4443}',
      ['https://10.0.0.7:4443/graphql'],
    ],
    ['… that is not enabled', 'a', '{"address":"10.0.0.7","port":4004,"enabled":false}', []],
    [
      'an entry of a Finagle server set',
      'a',
      '{"serviceEndpoint":{"host":"10.0.0.7","port":4004},"status":"ALIVE"}',
      ['http://10.0.0.7:4004/graphql'],
    ],
    ['… that stops', 'a', '{"serviceEndpoint":{"host":"10.0.0.7","port":4004},"status":"STOPPING"}', []],
    ['no JSON', 'a', '{"address', []],
    ['something else', 'a', 'hello', []],
    ['a host that leads elsewhere', 'a', '{"address":"x/y","port":4004}', []],
  ];
  test.each(entries)('%s', async (_what, name, data, urls) => {
    await writer.create(`${node}/${name}`, data);
    expect(await urlsOf(open())).toEqual(urls);
  });

  test('have the zone of their payload, as Spring Cloud writes it too', async () => {
    await writer.create(`${node}/a`, '{"address":"10.0.0.7","port":1,"payload":{"zone":"eu-1"}}');
    await writer.create(
      `${node}/b`,
      '{"address":"10.0.0.7","port":2,"payload":{"metadata":{"zone":"eu-2"}}}',
    );
    expect((await instancesOf(open())).map(({ zone }) => zone)).toEqual(['eu-1', 'eu-2']);
  });

  test('have the path of the GraphQL endpoint from the URL', async () => {
    await writer.create(`${node}/a`, '10.0.0.7:4004');
    expect(await urlsOf(open(`${node}?path=/query`))).toEqual(['http://10.0.0.7:4004/query']);
  });

  test('are under the path behind the servers, where there is one', async () => {
    await writer.create(`${node}/shop`, '');
    await writer.create(`${node}/shop/a`, '10.0.0.7:4004');
    expect(await urlsOf(open('/shop', { servers: `127.0.0.1:${server.port}${node}` }))).toEqual([
      'http://10.0.0.7:4004/graphql',
    ]);
  });

  test('that are protected are read with the credential of the settings, and refused in words without', async () => {
    const guarded = `${node}/guarded`;
    await writer.authenticate('digest', 'ada:secret');
    await writer.create(guarded, '', { owner: 'auth' });
    await writer.create(`${guarded}/a`, '10.0.0.7:4004', { owner: 'auth' });
    expect([
      await failureOf(open(guarded)),
      await urlsOf(open(guarded, { auth: 'digest:ada:secret' })),
    ]).toEqual([
      'ZooKeeper refuses (no right to read this node; set `discovery.zookeeper.auth`)',
      ['http://10.0.0.7:4004/graphql'],
    ]);
  });
});

overZookeeper('zookeeper: watches', () => {
  test('the next read waits until a child comes, changes or goes', async () => {
    const reader = open();
    const first = await urlsOf(reader);
    const readsAfter = async (change: () => Promise<unknown>): Promise<readonly string[]> => {
      const read = urlsOf(reader);
      await change();
      return read;
    };
    expect([
      first,
      await readsAfter(() => writer.create(`${node}/a`, '10.0.0.7:4004')),
      await readsAfter(() => writer.setData(`${node}/a`, '10.0.0.8:4004')),
      await readsAfter(() => writer.remove(`${node}/a`)),
    ]).toEqual([[], ['http://10.0.0.7:4004/graphql'], ['http://10.0.0.8:4004/graphql'], []]);
  });

  test('a node that does not exist yet is waited for', async () => {
    const reader = open(`${node}/later`);
    const first = await urlsOf(reader);
    const next = urlsOf(reader);
    await writer.create(`${node}/later`, '');
    await next;
    const last = urlsOf(reader);
    await writer.create(`${node}/later/a`, '10.0.0.7:4004');
    expect([first, await last]).toEqual([[], ['http://10.0.0.7:4004/graphql']]);
  });

  test('a child goes with the session that made it', async () => {
    const owner = await ZookeeperWriter.open(server.port);
    await owner.create(`${node}/a`, '10.0.0.7:4004', { ephemeral: true });
    const reader = open();
    const first = await urlsOf(reader);
    const next = urlsOf(reader);
    await owner.endSession();
    expect([first, await next]).toEqual([['http://10.0.0.7:4004/graphql'], []]);
  });

  test('a read that nobody waits for any more ends', async () => {
    const reader = open();
    await urlsOf(reader);
    const ending = new AbortController();
    const waiting = reader.read(ending.signal);
    ending.abort();
    expect((await waiting).instances).toEqual([]);
  });
});

overZookeeper('zookeeper: outages', () => {
  test('a server that restarts fails one read, and what changed meanwhile is in the next', async () => {
    await writer.create(`${node}/a`, '10.0.0.7:4004');
    const reader = open();
    await urlsOf(reader);
    const lost = failureOf(reader);
    await server.restart();
    writer.close();
    writer = await ZookeeperWriter.open(server.port);
    await writer.create(`${node}/b`, '10.0.0.8:4004');

    expect([await lost, await urlsOf(reader)]).toEqual([
      'ZooKeeper closed the connection',
      ['http://10.0.0.7:4004/graphql', 'http://10.0.0.8:4004/graphql'],
    ]);
  });

  test('a server that is away fails reads until it is back', async () => {
    const reader = open();
    await urlsOf(reader);
    const lost = failureOf(reader);
    await server.stop();
    const reasons = [await lost, await failureOf(reader)];
    await server.start();
    expect([reasons, await urlsOf(reader)]).toEqual([
      [
        'ZooKeeper closed the connection',
        `ZooKeeper could not be reached: connect ECONNREFUSED 127.0.0.1:${server.port}`,
      ],
      [],
    ]);
  });

  test('a server that stands still is left when it is silent for two thirds of the session’s time', async () => {
    const reader = open(node, { session_timeout_ms: 500 });
    await urlsOf(reader);
    const silent = failureOf(reader);
    server.pause();
    try {
      expect(await silent).toBe('ZooKeeper is silent');
    } finally {
      server.resume();
    }
  });

  test('a session that expired meanwhile is followed by a new one', async () => {
    await writer.create(`${node}/a`, '10.0.0.7:4004');
    const reader = open(node, { session_timeout_ms: 300 });
    await urlsOf(reader);
    const silent = failureOf(reader);
    server.pause();
    await silent;
    server.resume();
    // the server expires sessions by its clock; whether it has already or not, the next read has the list
    expect(await urlsOf(reader)).toEqual(['http://10.0.0.7:4004/graphql']);
  });

  // a session knows the newest state it has seen, and no server that is behind it takes it up
  test('an ensemble that was restored from nothing is read again when the session is over', async () => {
    const reader = open(node, { session_timeout_ms: 300 });
    await urlsOf(reader);
    const lost = failureOf(reader);
    await server.restart({ forgets: true });
    await lost;
    writer.close();
    writer = await ZookeeperWriter.open(server.port);
    await writer.create(node, '');
    await writer.create(`${node}/a`, '10.0.0.7:4004');

    let urls: readonly string[] | undefined;
    while (urls === undefined) urls = await urlsOf(reader).catch(() => undefined);
    expect(urls).toEqual(['http://10.0.0.7:4004/graphql']);
  });

  test('the next server of the ensemble is asked when one is away', async () => {
    await writer.create(`${node}/a`, '10.0.0.7:4004');
    const [closed] = await freePorts(1);
    const servers = `127.0.0.1:${closed},127.0.0.1:${server.port}`;
    expect(await urlsOf(open(node, { servers }))).toEqual(['http://10.0.0.7:4004/graphql']);
  });
});

/** A server that takes connections and does something else. */
async function startFalse(onConnection: (socket: Socket) => void): Promise<{ port: number; close(): void }> {
  const [port = 0] = await freePorts(1);
  const sockets = new Set<Socket>();
  const falseServer = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => falseServer.listen(port, '127.0.0.1', resolve));
  return {
    port,
    close() {
      for (const socket of sockets) socket.destroy();
      falseServer.close();
    },
  };
}

/** An answer to the handshake, or to the request of a number with an empty list. */
function packet(...numbers: readonly (readonly [bytes: 4 | 8, value: number])[]): Buffer {
  const parts = numbers.map(([bytes, value]) => {
    const part = Buffer.alloc(bytes);
    part.writeInt32BE(value, bytes - 4);
    return part;
  });
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('zookeeper: sessions', () => {
  /** Protocol, time, id, and a password of one number. */
  const granted = (timeoutMs: number, id: number): Buffer =>
    packet([4, 0], [4, timeoutMs], [8, id], [4, 4], [4, 77]);

  // Source: ZooKeeper Programmer's Guide, "ZooKeeper Sessions"; a timeout of 0 in the answer says that it has expired
  test('one is taken up again with its password after a lost connection, and a new one begun when it has expired', async () => {
    const asked: { id: number; password: string; zxid: number }[] = [];
    const falseServer = await startFalse((socket) => {
      let isConnected = false;
      socket.on('data', (chunk) => {
        if (!isConnected) {
          isConnected = true;
          const id = chunk.readInt32BE(4 + 16 + 4);
          const password = chunk.subarray(4 + 24 + 4).toString('hex', 0, 4);
          asked.push({ id, password, zxid: chunk.readInt32BE(4 + 4 + 4) });
          socket.write(asked.length === 2 ? granted(0, 0) : granted(10_000, 5));
          return;
        }
        const xid = chunk.readInt32BE(4);
        // to `getChildren`: no children; the state of the ensemble is 9
        socket.write(packet([4, xid], [8, 9], [4, 0], [4, 0]));
        if (asked.length === 1) socket.end();
      });
    });
    try {
      const reader = readerOf('zookeeper:///reviews', {
        timeout_ms: 500,
        zookeeper: { servers: `127.0.0.1:${falseServer.port}` },
      });
      readers.push(reader);
      const first = await urlsOf(reader);
      const lost = await failureOf(reader);
      expect([first, lost, await urlsOf(reader), asked]).toEqual([
        [],
        'ZooKeeper closed the connection',
        [],
        [
          { id: 0, password: '00000000', zxid: 0 },
          { id: 5, password: '0000004d', zxid: 9 },
          { id: 0, password: '00000000', zxid: 0 },
        ],
      ]);
    } finally {
      falseServer.close();
    }
  });
});

describe('zookeeper: what is no ZooKeeper', () => {
  const readOf = (port: number): InstanceReader =>
    readerOf('zookeeper:///reviews', { timeout_ms: 200, zookeeper: { servers: `127.0.0.1:${port}` } });

  test.each([
    [
      'an HTTP server',
      (socket: Socket): void => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'the server does not speak the protocol of ZooKeeper',
    ],
    ['one that hangs up', (socket: Socket): void => void socket.end(), 'ZooKeeper closed the connection'],
    ['one that says nothing', () => {}, 'ZooKeeper did not answer within 200 ms'],
    [
      'one that announces more than it may',
      (socket: Socket): void => void socket.write(Buffer.alloc(4, 0x7f)),
      'the server does not speak the protocol of ZooKeeper',
    ],
    [
      'one that gives no session',
      (socket: Socket): void => void socket.write(Buffer.concat([Buffer.of(0, 0, 0, 36), Buffer.alloc(36)])),
      'ZooKeeper gives no session',
    ],
  ] as const)('%s fails the read', async (_what, onConnection, reason) => {
    const falseServer = await startFalse(onConnection);
    try {
      expect(await failureOf(readOf(falseServer.port))).toBe(reason);
    } finally {
      falseServer.close();
    }
  });
});
