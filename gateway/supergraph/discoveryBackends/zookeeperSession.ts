import { connect, type Socket } from 'node:net';
import { JuteReader, JuteWriter } from './jute.ts';

/*
 * A client of ZooKeeper that reads and watches. It is written here because there is no package to take: the pure one
 * (node-zookeeper-client) has had no maintainer for years, and the other (zookeeper) compiles the C client on install.
 * Of the protocol this needs five packets.
 */

export interface ZookeeperOptions {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly sessionTimeoutMs: number;
  /** A connection, and each answer on it, must come in this time. */
  readonly timeoutMs: number;
  /** `digest:user:password` */
  readonly auth: string | undefined;
}

/** What a watch tells: once, and then no more until it is set again by a read. */
export interface WatchEvent {
  readonly kind: 'created' | 'deleted' | 'dataChanged' | 'childrenChanged' | 'other';
  readonly path: string;
}

export interface SessionListener {
  onEvent(event: WatchEvent): void;
  /** Called once: the connection is lost, and every watch with it. */
  onLost(error: Error): void;
}

/** A failure that the server names; the connection stays. */
export class ZookeeperError extends Error {
  readonly isNoNode: boolean;

  constructor(code: number) {
    super(`ZooKeeper refuses (${WORDS[code] ?? `error ${code}`})`);
    this.isNoNode = code === NO_NODE;
  }
}

/** Source: `org.apache.zookeeper.KeeperException.Code`. */
const NO_NODE = -101;
const WORDS: Readonly<Record<number, string>> = {
  [-4]: 'connection loss',
  [-101]: 'no node',
  [-102]: 'no right to read this node; set `discovery.zookeeper.auth`',
  [-112]: 'session expired',
  [-115]: 'authentication failed',
};

/** Source: `org.apache.zookeeper.ZooDefs.OpCode`. */
const operations = { exists: 3, getData: 4, getChildren: 8, ping: 11, auth: 100, closeSession: -11 } as const;
/** Numbers that stand where the number of a request would. */
const xids = { event: -1, ping: -2, auth: -4 } as const;
/** Source: `org.apache.zookeeper.Watcher.Event.EventType`. */
const kinds: Readonly<Record<number, WatchEvent['kind']>> = {
  1: 'created',
  2: 'deleted',
  3: 'dataChanged',
  4: 'childrenChanged',
};

interface Session {
  readonly id: bigint;
  readonly password: Buffer;
  /** By the clock of `performance`: the ensemble keeps it at least until then. */
  readonly aliveUntil: number;
}

const NO_SESSION: Session = { id: 0n, password: Buffer.alloc(16), aliveUntil: 0 };
const MAX_PACKET_BYTES = 16 * 1024 * 1024;

/**
 * A session with an ensemble over one connection at a time. A connection that is lost is told once; `connect` then takes
 * the session up again at the next server, or, when it has expired, begins a new one. Watches do not outlive a connection:
 * who reads again after `onLost` misses nothing.
 */
export class ZookeeperSession {
  readonly #options: ZookeeperOptions;
  #serverAt: number;
  #session = NO_SESSION;
  /** The newest state seen: no server that is behind it takes the session up. */
  #zxid = 0n;
  #connection: Connection | undefined;

  /** @param random spreads many gateways over the servers */
  constructor(options: ZookeeperOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#serverAt = Math.floor(random() * options.servers.length);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Connects to the first server that takes the session, or a new one.
   * @throws Error in words when none does
   */
  async connect(listener: SessionListener, signal: AbortSignal): Promise<void> {
    // The ensemble has forgotten the session by now, and after a restore its state may be older than what was seen: then it
    // would refuse this client for ever.
    if (this.#session.aliveUntil < performance.now()) this.#forget();
    let failure: unknown;
    for (let tried = 0; tried < this.#options.servers.length; ) {
      try {
        const isNew = this.#session === NO_SESSION;
        const hasExpired = await this.#connectTo(this.#serverAt, listener, signal);
        if (!hasExpired) return;
        if (isNew) throw new Error('ZooKeeper gives no session');
        // asked again, as a new client
        this.#forget();
        continue;
      } catch (error) {
        failure = error;
        if (signal.aborted) break;
      }
      tried += 1;
      this.#serverAt = (this.#serverAt + 1) % this.#options.servers.length;
    }
    throw failure;
  }

  /** Children of a node, without their path; the next change of them is told. @throws ZookeeperError, Error */
  async children(path: string): Promise<readonly string[]> {
    const answer = await this.#open().ask(operations.getChildren, (body) => body.text(path).bool(true));
    return answer.texts();
  }

  /** What a node holds; the next change of it is told. @throws ZookeeperError, Error */
  async data(path: string): Promise<string> {
    const answer = await this.#open().ask(operations.getData, (body) => body.text(path).bool(true));
    return answer.text();
  }

  /** Whether a node is there; that it comes or goes is told. @throws ZookeeperError, Error */
  async exists(path: string): Promise<boolean> {
    try {
      await this.#open().ask(operations.exists, (body) => body.text(path).bool(true));
      return true;
    } catch (error) {
      if (error instanceof ZookeeperError && error.isNoNode) return false;
      throw error;
    }
  }

  /** Ends the session, so that the ensemble need not wait for it to expire. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#forget();
    if (connection === undefined) return;
    await connection.ask(operations.closeSession, (body) => body).catch(() => {});
    connection.end();
  }

  #open(): Connection {
    if (this.#connection === undefined) throw new Error('the connection to ZooKeeper is lost');
    return this.#connection;
  }

  #forget(): void {
    this.#session = NO_SESSION;
    this.#zxid = 0n;
  }

  /** @returns whether the session has expired */
  async #connectTo(at: number, listener: SessionListener, signal: AbortSignal): Promise<boolean> {
    const { servers, timeoutMs, sessionTimeoutMs, auth } = this.#options;
    const server = servers[at];
    if (server === undefined) throw new Error('no ZooKeeper server is named');
    const connection = await Connection.open(server, { timeoutMs, signal });
    try {
      const granted = await connection.handshake(
        new JuteWriter()
          .int(0)
          .long(this.#zxid)
          .int(sessionTimeoutMs)
          .long(this.#session.id)
          .buffer(this.#session.password)
          .bool(false),
      );
      if (granted.timeoutMs <= 0) {
        connection.end();
        return true;
      }
      this.#session = { ...granted, aliveUntil: performance.now() + granted.timeoutMs };
      connection.keepAlive(granted.timeoutMs, {
        onEvent: (event) => listener.onEvent(event),
        onAlive: (zxid) => {
          if (zxid > this.#zxid) this.#zxid = zxid;
          this.#session = { ...this.#session, aliveUntil: performance.now() + granted.timeoutMs };
        },
        onLost: (error) => {
          if (this.#connection !== connection) return;
          this.#connection = undefined;
          this.#serverAt = (this.#serverAt + 1) % servers.length;
          listener.onLost(error);
        },
      });
      if (auth !== undefined) await connection.authenticate(auth);
      this.#connection = connection;
      return false;
    } catch (error) {
      connection.end();
      throw error;
    }
  }
}

interface ConnectionListener extends SessionListener {
  /** Something came. */
  onAlive(zxid: bigint): void;
}

interface PendingRequest {
  readonly xid: number;
  readonly resolve: (answer: JuteReader) => void;
  readonly reject: (error: Error) => void;
}

/** One socket to one server: packets, and the requests that wait for theirs. Answers come in the order of requests. */
class Connection {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #pending: PendingRequest[] = [];
  #listener: ConnectionListener | undefined;
  #onPacket: ((packet: Buffer) => void) | undefined;
  #received: Buffer = Buffer.alloc(0);
  #lastXid = 0;
  #lastHeardAt = performance.now();
  #pings: NodeJS.Timeout | undefined;
  #lost: Error | undefined;
  #onEarlyLoss: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (cause) =>
      this.#lose(new Error(`ZooKeeper could not be asked: ${cause.message}`, { cause })),
    );
    socket.on('close', () => this.#lose(new Error('ZooKeeper closed the connection')));
  }

  static open(
    { host, port }: { readonly host: string; readonly port: number },
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      const giveUp = (reason: string, cause?: unknown): void => {
        settle();
        socket.destroy();
        reject(new Error(`ZooKeeper could not be reached: ${reason}`, { cause }));
      };
      const onAbort = (): void => giveUp('nobody asks any more');
      const onError = (error: Error): void => giveUp(error.message, error);
      const timer = setTimeout(() => giveUp(`no connection within ${timeoutMs} ms`), timeoutMs);
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        socket.removeListener('error', onError);
      };
      socket.once('error', onError);
      socket.once('connect', () => {
        settle();
        resolve(new Connection(socket, timeoutMs));
      });
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
    });
  }

  /** The one exchange without numbers. A timeout of 0 in its answer says that the session has expired. */
  handshake(
    request: JuteWriter,
  ): Promise<{ readonly timeoutMs: number; readonly id: bigint; readonly password: Buffer }> {
    return this.#withDeadline((resolve, reject) => {
      this.#onEarlyLoss = reject;
      this.#onPacket = (packet) => {
        this.#onPacket = undefined;
        this.#onEarlyLoss = undefined;
        const answer = new JuteReader(packet);
        answer.int();
        resolve({ timeoutMs: answer.int(), id: answer.long(), password: Buffer.from(answer.buffer()) });
      };
      this.#socket.write(request.packet());
      if (this.#lost !== undefined) reject(this.#lost);
    });
  }

  /** Pings the server, and leaves it when it is silent for two thirds of the session's time. */
  keepAlive(sessionTimeoutMs: number, listener: ConnectionListener): void {
    this.#listener = listener;
    const isSilent = (): boolean => performance.now() - this.#lastHeardAt > (sessionTimeoutMs * 2) / 3;
    this.#pings = setInterval(() => {
      if (!isSilent()) {
        this.#socket.write(new JuteWriter().int(xids.ping).int(operations.ping).packet());
        return;
      }
      // it may be this process that stood still, with the server's answer unread: timers run before sockets
      setImmediate(() => {
        if (isSilent()) this.#lose(new Error('ZooKeeper is silent'));
      });
    }, sessionTimeoutMs / 3);
    // a gateway that has nothing else to do may end
    this.#pings.unref();
  }

  async authenticate(credential: string): Promise<void> {
    const colon = credential.indexOf(':');
    await this.#send(xids.auth, operations.auth, (body) =>
      body
        .int(0)
        .text(credential.slice(0, colon))
        .text(credential.slice(colon + 1)),
    );
  }

  /** @throws ZookeeperError, or Error when the connection is lost or the answer late */
  ask(operation: number, write: (body: JuteWriter) => JuteWriter): Promise<JuteReader> {
    this.#lastXid += 1;
    return this.#send(this.#lastXid, operation, write);
  }

  end(): void {
    this.#listener = undefined;
    this.#lose(new Error('the connection to ZooKeeper was closed'));
  }

  #send(xid: number, operation: number, write: (body: JuteWriter) => JuteWriter): Promise<JuteReader> {
    return this.#withDeadline((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#pending.push({ xid, resolve, reject });
      this.#socket.write(write(new JuteWriter().int(xid).int(operation)).packet());
    });
  }

  /** A server that takes requests and answers none is left. */
  #withDeadline<Value>(
    start: (resolve: (value: Value) => void, reject: (error: Error) => void) => void,
  ): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const timer = setTimeout(
        () => this.#lose(new Error(`ZooKeeper did not answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      start(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }

  #onData(chunk: Buffer): void {
    this.#lastHeardAt = performance.now();
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      while (this.#received.length >= 4 && this.#lost === undefined) {
        const length = this.#received.readInt32BE();
        if (length < 0 || length > MAX_PACKET_BYTES) throw new RangeError(`a packet of ${length} bytes`);
        if (this.#received.length < 4 + length) break;
        const packet = this.#received.subarray(4, 4 + length);
        this.#received = this.#received.subarray(4 + length);
        if (this.#onPacket !== undefined) this.#onPacket(packet);
        else this.#onReply(new JuteReader(packet));
      }
    } catch (cause) {
      this.#lose(new Error('the server does not speak the protocol of ZooKeeper', { cause }));
    }
  }

  #onReply(reply: JuteReader): void {
    const xid = reply.int();
    const zxid = reply.long();
    const code = reply.int();
    this.#listener?.onAlive(zxid);
    if (xid === xids.ping) return;
    if (xid === xids.event) {
      const kind = kinds[reply.int()] ?? 'other';
      reply.int();
      this.#listener?.onEvent({ kind, path: reply.text() });
      return;
    }
    const request = this.#pending.shift();
    if (request?.xid !== xid) throw new RangeError(`an answer to request ${xid}`);
    if (code === 0) request.resolve(reply);
    else request.reject(new ZookeeperError(code));
  }

  #lose(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    clearInterval(this.#pings);
    this.#socket.destroy();
    this.#onEarlyLoss?.(error);
    for (const { reject } of this.#pending.splice(0)) reject(error);
    this.#listener?.onLost(error);
  }
}
