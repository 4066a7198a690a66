import type { Cancellation } from '../../runtime/cancellation.ts';
import { InFlight } from '../../runtime/inFlight.ts';
import { Connections, type SubgraphTls } from './connections.ts';
import type { ExchangeAnswer } from './exchange.ts';
import { failureOf } from './failures.ts';
import { readAnswer } from './readAnswer.ts';
import type { SubgraphRequest, SubgraphResponse } from './subgraphRequest.ts';

export interface SubgraphClientOptions {
  readonly subgraph: string;
  /** Where operations are sent: `http://127.0.0.1:4001/graphql`. */
  readonly url: string;
  /** Time for one request in all: connecting, headers and the whole body. */
  readonly timeoutMs: number;
  /** A larger answer is refused and its connection closed. */
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
  readonly tls?: SubgraphTls | undefined;
}

/** Sends operations to one URL. */
export class SubgraphClient {
  readonly #connections: Connections;
  readonly #path: string;
  readonly #options: SubgraphClientOptions;
  readonly #inFlight = new InFlight<ExchangeAnswer>();

  constructor(options: SubgraphClientOptions) {
    const { origin, pathname, search } = new URL(options.url);
    this.#options = options;
    this.#path = pathname + search;
    this.#connections = new Connections({ origin, ...options });
  }

  /**
   * Sends one operation.
   *
   * @throws GatewayError SUBREQUEST_HTTP_ERROR (no connection, or an HTTP error without a GraphQL body),
   *   SUBREQUEST_MALFORMED_RESPONSE (anything that is not a GraphQL response), GATEWAY_TIMEOUT. Messages name the
   *   subgraph and the reason, never an address.
   */
  async send(request: SubgraphRequest): Promise<SubgraphResponse> {
    const { body, headers, cancellation } = request;
    try {
      // each reads the bytes for itself: data is merged in place, and belongs to one execution
      const answer = request.isShareable
        ? await this.#inFlight.run(`${JSON.stringify(headers)}${body}`, cancellation, (shared) =>
            this.#exchange(request, shared.cancellation),
          )
        : await this.#exchange(request, cancellation);
      return readAnswer(answer, this.#options.subgraph);
    } catch (error) {
      throw failureOf(error, this.#options);
    }
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  #exchange(
    { headers, body, isRepeatable, timeoutMs = this.#options.timeoutMs }: SubgraphRequest,
    cancellation: Cancellation,
  ): Promise<ExchangeAnswer> {
    return this.#connections.exchange(
      {
        path: this.#path,
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json;q=0.9',
        },
        body,
      },
      { timeoutMs, maxBytes: this.#options.maxResponseBytes, cancellation, isRepeatable },
    );
  }
}
