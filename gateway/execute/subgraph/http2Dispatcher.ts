import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectSession,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { Dispatcher } from 'undici';

/** `enable`: HTTP/2 where the subgraph offers it in the TLS handshake. `http2only`: nothing else, without TLS too. */
export type Http2Mode = 'enable' | 'http2only';

export interface Http2Options {
  /** `https://reviews.internal:4001` */
  readonly origin: string;
  readonly mode: Http2Mode;
  /** Time for a connection to be made. */
  readonly connectTimeoutMs: number;
  /** Streams beyond those that the other side allows for one connection get another, up to so many. */
  readonly maxConnections: number;
  readonly secure: SecureContextOptions & { readonly rejectUnauthorized: true };
  readonly serverName: string | undefined;
  /** Takes the requests once the other side has chosen HTTP/1.1. */
  readonly fallback: Pick<Dispatcher, 'dispatch'>;
}

/** Why a stream has no answer. */
export class StreamFailed extends Error {
  readonly code = 'ERR_HTTP2_STREAM_FAILED';
  /** Nobody has read the request: it may be sent again, whatever it is. Source: RFC 9113, §8.7 "Request Reliability" */
  readonly isUnprocessed: boolean;
  /** Answers had come over its connection before; which may have been closed just when the request was on its way. */
  readonly wasInUse: boolean;

  constructor(message: string, about: { readonly isUnprocessed: boolean; readonly wasInUse: boolean }) {
    super(message);
    this.isUnprocessed = about.isUnprocessed;
    this.wasInUse = about.wasInUse;
  }
}

/** One connection with its streams. */
interface Session {
  readonly session: ClientHttp2Session;
  readonly streams: Set<OpenStream>;
  /** Takes no more streams, and is destroyed with its last one. */
  isRetired: boolean;
  hasAnswered: boolean;
  heardAt: number;
}

interface OpenStream {
  readonly stream: ClientHttp2Stream;
  fail(error: Error): void;
}

type Handler = Dispatcher.DispatchHandler;

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = constants;

/**
 * HTTP/2 to one origin, over `node:http2`. undici's own (7.30) loses what is in flight when the other side ends a connection
 * in order (GOAWAY), sends some of it again, mutations too, and sends one POST at a time.
 */
export class Http2Dispatcher {
  readonly #options: Http2Options;
  readonly #authority: string;
  readonly #sessions = new Set<Session>();
  #connecting: Promise<'h2' | 'http/1.1'> | undefined;
  #speaksHttp1 = false;
  /** Requests whose end has not been told. */
  #inFlight = 0;
  #isClosing = false;
  #onIdle: (() => void) | undefined;

  constructor(options: Http2Options) {
    this.#options = options;
    this.#authority = new URL(options.origin).host;
  }

  /** As undici's: `onResponseError` is called with a StreamFailed, or with the error of the connection. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    if (this.#speaksHttp1) return this.#options.fallback.dispatch(options, handler);
    this.#inFlight += 1;
    const exchange = new StreamExchange(options, handler, () => {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onIdle?.();
    });
    if (this.#isClosing)
      exchange.fail(Object.assign(new Error('The client is closed'), { code: 'UND_ERR_CLOSED' }));
    else this.#start(exchange).catch((error: unknown) => exchange.fail(error as Error));
    return true;
  }

  /** Waits for the requests in flight. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    for (const each of this.#sessions) this.#retire(each);
  }

  async #start(exchange: StreamExchange): Promise<void> {
    for (;;) {
      if (exchange.isOver) return;
      const session = this.#pick();
      if (session !== undefined) {
        this.#send(exchange, session);
        return;
      }
      this.#connecting ??= this.#connect(exchange.host).finally(() => {
        this.#connecting = undefined;
      });
      if ((await this.#connecting) === 'http/1.1') {
        this.#speaksHttp1 = true;
        exchange.handOver(this.#options.fallback);
        return;
      }
    }
  }

  /** The one with fewest streams; `undefined` when another one is to be made. */
  #pick(): Session | undefined {
    let best: Session | undefined;
    for (const each of this.#sessions) {
      if (each.isRetired || each.session.closed || each.session.destroyed) continue;
      if (best === undefined || each.streams.size < best.streams.size) best = each;
    }
    if (best === undefined || best.streams.size < maxStreamsOf(best)) return best;
    return this.#sessions.size < this.#options.maxConnections ? undefined : best;
  }

  #send(exchange: StreamExchange, held: Session): void {
    const { path, headers, body } = exchange.request;
    const startedAt = performance.now();
    const stream = held.session.request({
      ':method': 'POST',
      ':path': path,
      ':authority': exchange.host ?? this.#authority,
      ...withoutHost(headers),
      'content-length': Buffer.byteLength(body),
    });
    const open: OpenStream = { stream, fail: (error) => exchange.fail(error) };
    held.streams.add(open);
    stream.on('response', (received) => {
      held.hasAnswered = true;
      held.heardAt = performance.now();
      exchange.onResponse(received);
    });
    stream.on('data', (chunk: Buffer) => {
      held.heardAt = performance.now();
      exchange.onData(chunk);
    });
    let isComplete = false;
    stream.once('end', () => {
      isComplete = true;
    });
    // what it ended with is told by its code, with the event that comes after
    stream.on('error', () => {});
    stream.once('close', () => {
      held.streams.delete(open);
      const { rstCode } = stream;
      if (isComplete && rstCode === NGHTTP2_NO_ERROR && exchange.hasResponse) exchange.end();
      else {
        exchange.fail(
          new StreamFailed(`The HTTP/2 stream was closed with the code ${rstCode}`, {
            isUnprocessed: rstCode === NGHTTP2_REFUSED_STREAM,
            wasInUse: held.hasAnswered,
          }),
        );
      }
      if (held.isRetired) this.#destroyIfIdle(held);
    });
    exchange.onAbort(() => {
      stream.close(NGHTTP2_CANCEL);
      // from a connection that is dead nothing comes; others must not wait for it as well
      if (held.heardAt < startedAt) this.#retire(held);
    });
    stream.end(body);
  }

  async #connect(host: string | undefined): Promise<'h2' | 'http/1.1'> {
    const { origin, mode } = this.#options;
    const socket = await this.#socket(host);
    if ('encrypted' in socket && socket.alpnProtocol !== 'h2') {
      socket.destroy();
      if (mode === 'enable') return 'http/1.1';
      throw Object.assign(new Error('The other side does not speak HTTP/2'), { code: 'ERR_TLS_NO_HTTP2' });
    }
    const session = connectSession(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      maxSessionMemory: MAX_SESSION_MEGABYTES,
    });
    const held: Session = {
      session,
      streams: new Set(),
      isRetired: false,
      hasAnswered: false,
      heardAt: performance.now(),
    };
    this.#sessions.add(held);
    session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
    session.on('goaway', (_code: number, lastStreamId: number) => {
      // first, so that what is sent again goes elsewhere
      held.isRetired = true;
      for (const { stream, fail } of [...held.streams]) {
        if (stream.id !== undefined && stream.id <= lastStreamId) continue;
        fail(
          new StreamFailed('The other side ends the HTTP/2 connection', {
            isUnprocessed: true,
            wasInUse: held.hasAnswered,
          }),
        );
        stream.close(NGHTTP2_CANCEL);
      }
      this.#retire(held);
    });
    // streams tell of it
    session.on('error', () => {});
    session.once('close', () => {
      held.isRetired = true;
      this.#sessions.delete(held);
    });
    // all that waited for it may be over
    if (this.#isClosing && this.#inFlight === 0) this.#retire(held);
    return 'h2';
  }

  #socket(host: string | undefined): Promise<Socket | TLSSocket> {
    const { origin, mode, connectTimeoutMs, secure, serverName } = this.#options;
    const { protocol, hostname, port } = new URL(origin);
    const address = withoutBrackets(hostname);
    const isSecure = protocol === 'https:';
    const name =
      serverName ??
      (host === undefined ? address : withoutBrackets(new URL(`${protocol}//${host}`).hostname));
    const socket = isSecure
      ? connectSecure({
          ...secure,
          host: address,
          port: Number(port || 443),
          // no address is a server name, by RFC 6066, §3
          ...(isIP(name) === 0 ? { servername: name } : {}),
          ALPNProtocols: mode === 'enable' ? ['h2', 'http/1.1'] : ['h2'],
        })
      : connectPlain({ host: address, port: Number(port || 80) });
    socket.setNoDelay(true);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy(
          Object.assign(new Error('No connection was made in time'), { code: 'UND_ERR_CONNECT_TIMEOUT' }),
        );
      }, connectTimeoutMs);
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        socket.off('error', reject);
        resolve(socket);
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
  }

  #retire(held: Session): void {
    held.isRetired = true;
    this.#destroyIfIdle(held);
  }

  #destroyIfIdle({ session, streams }: Session): void {
    if (streams.size === 0 && !session.destroyed) session.destroy();
  }
}

/** What the other side allows; before it has said so, what RFC 9113, §6.5.2 recommends as the least. */
function maxStreamsOf({ session }: Session): number {
  return session.remoteSettings?.maxConcurrentStreams ?? 100;
}

/** An IPv6 address as it stands in a URL, without what stands around it there. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function withoutHost(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (headers.host === undefined) return headers;
  const { host: _host, ...others } = headers;
  return others;
}

/** RFC 9113 begins with 64 kB for each, which large answers over a long way would wait for. */
const STREAM_WINDOW_BYTES = 1_000_000;
const CONNECTION_WINDOW_BYTES = 16_000_000;
const MAX_SESSION_MEGABYTES = 100;

/** One request on its way, as undici's handlers know it; each of their ends is told once. */
class StreamExchange implements Dispatcher.DispatchController {
  readonly request: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Buffer;
  };
  readonly #options: Dispatcher.DispatchOptions;
  readonly #handler: Handler;
  readonly #onOver: () => void;
  #abort: (() => void) | undefined;
  isOver = false;
  hasResponse = false;
  reason: Error | null = null;
  readonly paused = false;

  constructor(options: Dispatcher.DispatchOptions, handler: Handler, onOver: () => void) {
    this.#options = options;
    this.#handler = handler;
    this.#onOver = onOver;
    // `exchange` gives them so
    this.request = options as unknown as StreamExchange['request'];
    handler.onRequestStart?.(this, {});
  }

  get host(): string | undefined {
    return this.request.headers.host;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  abort(reason: Error): void {
    if (this.isOver) return;
    this.reason = reason;
    this.#abort?.();
    this.fail(reason);
  }

  onAbort(abort: () => void): void {
    this.#abort = abort;
  }

  handOver(fallback: Pick<Dispatcher, 'dispatch'>): void {
    this.isOver = true;
    this.#onOver();
    fallback.dispatch(this.#options, this.#handler);
  }

  onResponse({
    ':status': status = 0,
    ...headers
  }: IncomingHttpHeaders & { readonly ':status'?: number }): void {
    if (this.isOver) return;
    this.hasResponse = true;
    this.#handler.onResponseStart?.(this, status, headers);
  }

  onData(chunk: Buffer): void {
    if (!this.isOver) this.#handler.onResponseData?.(this, chunk);
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onOver();
    this.#handler.onResponseEnd?.(this, {});
  }

  fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onOver();
    this.#handler.onResponseError?.(this, error);
  }

  pause(): void {}
  resume(): void {}
}
