import { buildConnector, Client, errors, Pool } from 'undici';
import { type ExchangeAnswer, type ExchangeLimits, type ExchangeRequest, exchange } from './exchange.ts';

export interface ConnectionOptions {
  /** `http://127.0.0.1:4001` */
  readonly origin: string;
  /** Time for a connection to be made. */
  readonly timeoutMs: number;
  readonly maxConnections: number;
}

/**
 * The connections to one address. Redirects are not followed (a subgraph's answer must not choose where the gateway
 * connects), and a total deadline bounds the request: undici's own timers start anew with every byte.
 */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #pool: Pool;
  /** Errors of connections that had been in use before. */
  readonly #lateErrors = new WeakSet<Error>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#pool = new Pool(options.origin, {
      ...NO_TIMEOUTS,
      connections: options.maxConnections,
      connect: this.#connector(buildConnector({ timeout: options.timeoutMs })),
    });
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
    if (!limits.isRepeatable) return exchange(this.#pool, request, limits);
    const startedAt = performance.now();
    return exchange(this.#pool, request, {
      ...limits,
      onUnanswered: (error) => {
        const leftMs = limits.timeoutMs - (performance.now() - startedAt);
        return leftMs > 0 && this.#wasInUse(error)
          ? this.#exchangeAfresh(request, { ...limits, timeoutMs: leftMs })
          : undefined;
      },
    });
  }

  /** Waits for the exchanges in flight. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** Once more, on a connection of its own: others of the pool may have been closed at the same time. */
  async #exchangeAfresh(request: ExchangeRequest, limits: ExchangeLimits): Promise<ExchangeAnswer> {
    const { origin, timeoutMs } = this.#options;
    const client = new Client(origin, { ...NO_TIMEOUTS, connect: { timeout: timeoutMs } });
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
  #connector(connect: buildConnector.connector): buildConnector.connector {
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

/** The deadline of the exchange covers both. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 } as const;
