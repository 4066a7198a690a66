import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Access control: anyone may do anything, or who has authenticated on this connection may. */
interface CreateOptions {
  readonly ephemeral?: boolean;
  readonly owner?: 'world' | 'auth';
}

/**
 * Writes to a ZooKeeper server, for tests: the packets are put together here by hand, so that the gateway's own client is
 * not tested with itself.
 * Source: Apache ZooKeeper, `zookeeper.jute`, `ZooDefs.OpCode`.
 */
export class ZookeeperWriter {
  readonly #socket: Socket;
  #xid = 0;
  #received = Buffer.alloc(0);
  #waiting: { resolve(packet: Buffer): void; reject(error: Error): void }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('ZooKeeper closed the connection'));
    });
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE()) {
        const end = 4 + this.#received.readInt32BE();
        this.#waiting.shift()?.resolve(this.#received.subarray(4, end));
        this.#received = this.#received.subarray(end);
      }
    });
  }

  static async open(port: number): Promise<ZookeeperWriter> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const writer = new ZookeeperWriter(socket);
    // a session that lives for a minute without a ping: long enough for a test
    await writer.#exchange(int(0), long(0n), int(60_000), long(0n), bytes(Buffer.alloc(16)));
    return writer;
  }

  async create(
    path: string,
    data: string,
    { ephemeral = false, owner = 'world' }: CreateOptions = {},
  ): Promise<void> {
    const id = owner === 'world' ? [text('world'), text('anyone')] : [text('auth'), text('')];
    const PERSISTENT_OR_EPHEMERAL = ephemeral ? 1 : 0;
    await this.#ask(1, text(path), text(data), int(1), int(31), ...id, int(PERSISTENT_OR_EPHEMERAL));
  }

  async setData(path: string, data: string): Promise<void> {
    await this.#ask(5, text(path), text(data), int(-1));
  }

  async remove(path: string): Promise<void> {
    await this.#ask(2, text(path), int(-1));
  }

  async children(path: string): Promise<readonly string[]> {
    const answer = await this.#ask(8, text(path), Buffer.of(0));
    const names: string[] = [];
    for (let at = 4; at < answer.length; at += 4 + answer.readInt32BE(at)) {
      names.push(answer.toString('utf8', at + 4, at + 4 + answer.readInt32BE(at)));
    }
    return names;
  }

  async data(path: string): Promise<string> {
    const answer = await this.#ask(4, text(path), Buffer.of(0));
    return answer.toString('utf8', 4, 4 + answer.readInt32BE());
  }

  async authenticate(scheme: string, credential: string): Promise<void> {
    await this.#exchange(int(-4), int(100), int(0), text(scheme), text(credential));
  }

  async endSession(): Promise<void> {
    await this.#ask(-11);
    this.close();
  }

  /** Hangs up; the session goes on until it expires. */
  close(): void {
    this.#socket.destroy();
  }

  async #ask(operation: number, ...body: Buffer[]): Promise<Buffer> {
    this.#xid += 1;
    const reply = await this.#exchange(int(this.#xid), int(operation), ...body);
    const code = reply.readInt32BE(12);
    if (code !== 0) throw new Error(`ZooKeeper answered operation ${operation} with ${code}`);
    return reply.subarray(16);
  }

  #exchange(...parts: Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(bytes(Buffer.concat(parts)));
    });
  }
}

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

function bytes(value: Buffer): Buffer {
  return Buffer.concat([int(value.length), value]);
}

function text(value: string): Buffer {
  return bytes(Buffer.from(value, 'utf8'));
}
