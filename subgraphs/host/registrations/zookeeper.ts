import { connect, type Socket } from 'node:net';
import type { Announcement, Register } from '../registration.ts';
import { keepUp } from './keepUp.ts';

const SESSION_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 3_000;

/** Source: `org.apache.zookeeper.ZooDefs.OpCode`. */
const operations = { create: 1, remove: 2, exists: 3, closeSession: -11 } as const;
/** Source: `org.apache.zookeeper.KeeperException.Code`. */
const codes = { ok: 0, noNode: -101, nodeExists: -110 } as const;

/**
 * Registers an ephemeral node in the form of Curator's service discovery: it is gone with the session that made it, so with
 * the process at the latest.
 * Source: Apache Curator, `ServiceDiscoveryImpl` and `ServiceInstance`.
 */
export const registerAtZookeeper: Register = ({ hosts, path }, service, { log, intervalMs }) => {
  const folder = `${path === '' ? '/services' : path}/${service.name}`;
  const node = `${folder}/${service.id}`;
  const servers = hosts.split(',');
  let at = 0;
  let session: Session | undefined;
  return keepUp({
    registry: 'ZooKeeper',
    // whatever is sent keeps the session alive
    intervalMs: intervalMs ?? SESSION_TIMEOUT_MS / 3,
    log,
    async register() {
      session?.destroy();
      session = undefined;
      const server = servers[at % servers.length] ?? '';
      at += 1;
      const opened = await Session.open(server);
      try {
        await createFolders(opened, folder);
        // what an earlier process of this host and port left, whose session has not expired yet
        await opened.ask(operations.remove, [text(node), int(-1)], [codes.ok, codes.noNode]);
        await opened.ask(
          operations.create,
          [text(node), text(entryOf(service)), openToAll, int(1)],
          [codes.ok],
        );
      } catch (error) {
        opened.destroy();
        throw error;
      }
      session = opened;
    },
    async renew() {
      if (session === undefined) return false;
      const found = [codes.ok, codes.noNode];
      try {
        return (await session.ask(operations.exists, [text(node), bool(false)], found)) === codes.ok;
      } catch {
        // the connection is lost: another one registers anew
        return false;
      }
    },
    async deregister() {
      await session?.ask(operations.closeSession, [], [codes.ok]);
      session?.destroy();
    },
  });
};

function entryOf({ name, id, host, port, zone }: Announcement): string {
  return JSON.stringify({
    name,
    id,
    address: host,
    port,
    sslPort: null,
    payload: zone === undefined ? null : { zone },
    registrationTimeUTC: Date.now(),
    serviceType: 'DYNAMIC',
    uriSpec: null,
  });
}

async function createFolders(session: Session, folder: string): Promise<void> {
  let path = '';
  for (const step of folder.split('/').slice(1)) {
    path += `/${step}`;
    await session.ask(
      operations.create,
      [text(path), text(''), openToAll, int(0)],
      [codes.ok, codes.nodeExists],
    );
  }
}

/** A session over one connection; one request at a time. */
class Session {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #lastXid = 0;
  #waiting: { resolve(packet: Buffer): void; reject(error: Error): void } | undefined;
  #lost: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lose = (error: Error): void => {
      this.#lost ??= error;
      this.#waiting?.reject(error);
    };
    socket.on('error', lose);
    socket.on('close', () => lose(new Error('ZooKeeper closed the connection')));
    socket.on('data', (chunk) => this.#onData(chunk));
  }

  static async open(server: string): Promise<Session> {
    const { hostname, port } = new URL(`zookeeper://${server}`);
    const session = new Session(connect(Number(port || 2181), hostname.replace(/^\[|\]$/g, '')));
    try {
      // protocol, last state seen, timeout, no session yet, no password yet, not read-only
      const request = [
        int(0),
        long(0n),
        int(SESSION_TIMEOUT_MS),
        long(0n),
        buffer(Buffer.alloc(16)),
        bool(false),
      ];
      const granted = await session.#exchange(request);
      if (granted.readInt32BE(4) <= 0) throw new Error('ZooKeeper gives no session');
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  /** @returns the code of the answer, when it is one of those expected */
  async ask(operation: number, body: readonly Buffer[], expected: readonly number[]): Promise<number> {
    this.#lastXid += 1;
    const answer = await this.#exchange([int(this.#lastXid), int(operation), ...body]);
    // number of the request, state of the ensemble, code
    const code = answer.readInt32BE(12);
    if (!expected.includes(code)) throw new Error(`ZooKeeper answers with code ${code}`);
    return code;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #exchange(parts: readonly Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      const timer = setTimeout(() => {
        this.#socket.destroy(new Error(`ZooKeeper did not answer within ${ANSWER_TIMEOUT_MS} ms`));
      }, ANSWER_TIMEOUT_MS);
      const settled =
        <Value>(settle: (value: Value) => void) =>
        (value: Value): void => {
          clearTimeout(timer);
          this.#waiting = undefined;
          settle(value);
        };
      this.#waiting = { resolve: settled(resolve), reject: settled(reject) };
      this.#socket.write(buffer(Buffer.concat(parts)));
    });
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#received.length < 4) return;
    const end = 4 + this.#received.readInt32BE();
    if (this.#received.length < end) return;
    const packet = this.#received.subarray(4, end);
    this.#received = this.#received.subarray(end);
    this.#waiting?.resolve(packet);
  }
}

/*
 * Jute, in which the packets are: big-endian numbers, and texts behind their length.
 * Source: Apache ZooKeeper, `zookeeper.jute` and `BinaryOutputArchive`.
 */

function int(value: number): Buffer {
  const part = Buffer.alloc(4);
  part.writeInt32BE(value);
  return part;
}

function long(value: bigint): Buffer {
  const part = Buffer.alloc(8);
  part.writeBigInt64BE(value);
  return part;
}

function bool(value: boolean): Buffer {
  return Buffer.of(value ? 1 : 0);
}

function buffer(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value]);
}

function text(value: string): Buffer {
  return buffer(Buffer.from(value, 'utf8'));
}

/** A list of one right: all of them (31) to anyone. */
const openToAll = Buffer.concat([int(1), int(31), text('world'), text('anyone')]);
