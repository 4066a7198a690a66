import { buildConnector, Client, errors, Pool } from 'undici';
import type { FollowedTls } from '../../runtime/tls/followedTls.ts';
import { type ExchangeAnswer, type ExchangeLimits, type ExchangeRequest, exchange } from './exchange.ts';
import { Http2Dispatcher, type Http2Mode, StreamFailed } from './http2Dispatcher.ts';

export interface ConnectionOptions {
  /** `http://127.0.0.1:4001` */
  readonly origin: string;
  /** Time for a connection to be made. */
  readonly timeoutMs: number;
  readonly maxConnections: number;
  /** For an `https` origin; without it, the authorities of the system are trusted and no certificate is shown. */
  readonly tls?: SubgraphTls | undefined;
  /** HTTP/1.1 without it. */
  readonly http2?: Http2Mode | undefined;
}

/** How connections to a subgraph are secured, beyond what is always so. */
export interface SubgraphTls {
  readonly material: Pick<FollowedTls, 'current' | 'onChange'>;
  /** The name that the subgraph's certificate must have, in place of the one in its URL. */
  readonly serverName?: string | undefined;
}

/**
 * The connections to one address. Redirects are not followed (a subgraph's answer must not choose where the gateway
 * connects), and a total deadline bounds the request: undici's own timers start anew with every byte.
 */
export class Connections {
  readonly #options: ConnectionOptions;
  /** Errors of connections that had been in use before. */
  readonly #lateErrors = new WeakSet<Error>();
  readonly #ignoreTls: (() => void) | undefined;
  /** Of certificates that have been replaced, with requests in flight. */
  readonly #retiring = new Set<Promise<void>>();
  #pool: Pool;
  #http2: Http2Dispatcher | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#pool = this.#newPool();
    this.#http2 = this.#newHttp2();
    this.#ignoreTls = options.tls?.material.onChange(() => this.#retirePool());
  }

  /**
   * One POST and its whole answer. What may be repeated is sent once more where the connection was closed by the other side
   * before an answer began.
   *
   * @throws ExchangeEnded, or the error of undici
   */
  exchange(
    request: ExchangeRequest,
    limits: Omit<ExchangeLimits, 'onUnanswered'> & { readonly isRepeatable: boolean },
  ): Promise<ExchangeAnswer> {
    const http2 = this.#http2;
    if (!limits.isRepeatable && http2 === undefined) return exchange(this.#pool, request, limits);
    const startedAt = performance.now();
    return exchange(http2 ?? this.#pool, request, {
      ...limits,
      onUnanswered: (error) => {
        const leftMs = limits.timeoutMs - (performance.now() - startedAt);
        if (leftMs <= 0) return undefined;
        const again = { ...limits, timeoutMs: leftMs };
        if (error instanceof StreamFailed) {
          const mayRepeat = error.isUnprocessed || (limits.isRepeatable && error.wasInUse);
          return mayRepeat ? exchange(this.#http2 ?? this.#pool, request, again) : undefined;
        }
        return limits.isRepeatable && this.#wasInUse(error)
          ? this.#exchangeAfresh(request, again)
          : undefined;
      },
    });
  }

  /** Waits for the exchanges in flight. */
  async close(): Promise<void> {
    this.#ignoreTls?.();
    await Promise.all([this.#pool.close(), this.#http2?.close(), ...this.#retiring]);
  }

  #newPool(): Pool {
    return new Pool(this.#options.origin, {
      ...NO_TIMEOUTS,
      connections: this.#options.maxConnections,
      connect: this.#noting(this.#connect()),
    });
  }

  /** Connections by the certificates before end with their requests, and take no more. */
  #retirePool(): void {
    for (const closing of [this.#pool.close(), this.#http2?.close()]) {
      if (closing === undefined) continue;
      this.#retiring.add(closing);
      void closing.finally(() => this.#retiring.delete(closing));
    }
    this.#pool = this.#newPool();
    this.#http2 = this.#newHttp2();
  }

  #newHttp2(): Http2Dispatcher | undefined {
    const { origin, http2: mode, tls, timeoutMs, maxConnections } = this.#options;
    if (mode === undefined || (mode === 'enable' && !origin.startsWith('https:'))) return undefined;
    const { ca, cert, key } = tls?.material.current ?? {};
    return new Http2Dispatcher({
      origin,
      mode,
      connectTimeoutMs: timeoutMs,
      maxConnections,
      secure: { ...TLS_RULES, ca, cert, key },
      serverName: tls?.serverName,
      fallback: this.#pool,
    });
  }

  #connect(): buildConnector.connector {
    const { timeoutMs, tls } = this.#options;
    const { ca, cert, key } = tls?.material.current ?? {};
    const connect = buildConnector({ ...TLS_RULES, timeout: timeoutMs, ca, cert, key });
    const name = tls?.serverName;
    return name === undefined
      ? connect
      : (options, callback) => connect({ ...options, servername: name }, callback);
  }

  /** Once more, on a connection of its own: others of the pool may have been closed at the same time. */
  async #exchangeAfresh(request: ExchangeRequest, limits: ExchangeLimits): Promise<ExchangeAnswer> {
    const client = new Client(this.#options.origin, { ...NO_TIMEOUTS, connect: this.#connect() });
    try {
      return await exchange(client, request, limits);
    } finally {
      void client.close();
    }
  }

  /**
   * Whether an error is that of a connection in use before: a server may close an idle one just when a request is on its way,
   * and has then not read it.
   * Source: RFC 9112, §9.3.1 "Retrying Requests"
   */
  #wasInUse(error: Error): boolean {
    return error instanceof errors.SocketError
      ? (error.socket?.bytesRead ?? 0) > 0
      : this.#lateErrors.has(error);
  }

  /** Notes the errors of connections in use: those of the system come from undici without their socket. */
  #noting(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result;
        socket?.prependListener('error', (error) => {
          if (socket.bytesRead > 0) this.#lateErrors.add(error);
        });
        callback(...result);
      });
  }
}

/** Said, so that no variable of the environment says otherwise: `NODE_TLS_REJECT_UNAUTHORIZED`, `--tls-min-v1.0`. */
const TLS_RULES = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/** The deadline of the exchange covers both. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 } as const;
