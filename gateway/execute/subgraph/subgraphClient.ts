import { deflated, inflating } from './compression.ts';
import { Connections, type SubgraphTls } from './connections.ts';
import type { ExchangeLimits } from './exchange.ts';
import { ReceivedAnswer } from './traffic/receivedAnswer.ts';
import type { SubgraphCall } from './traffic/subgraphCall.ts';
import type { SubgraphTraffic } from './traffic/subgraphTraffic.ts';

export interface SubgraphClientOptions
  extends Pick<
    SubgraphTraffic,
    'timeoutMs' | 'maxResponseBytes' | 'maxConnections' | 'deadlineHeader' | 'http2' | 'compression'
  > {
  readonly subgraph: string;
  /** Where operations are sent: `http://127.0.0.1:4001/graphql`. */
  readonly url: string;
  readonly tls?: SubgraphTls | undefined;
}

/** Sends operations to one URL. */
export class SubgraphClient {
  readonly #connections: Connections;
  readonly #path: string;
  readonly #options: SubgraphClientOptions;
  readonly #decode: ExchangeLimits['decode'];

  constructor(options: SubgraphClientOptions) {
    const { origin, pathname, search } = new URL(options.url);
    this.#options = options;
    this.#path = pathname + search;
    this.#connections = new Connections({ origin, ...options });
    const { compression, maxResponseBytes } = options;
    this.#decode = compression && inflating(compression, maxResponseBytes);
  }

  /**
   * Sends one operation.
   *
   * @throws ExchangeEnded, or the error of undici
   */
  async send(call: SubgraphCall): Promise<ReceivedAnswer> {
    const { isRepeatable, cancellation, deadlineMs, progress } = call;
    const { subgraph, maxResponseBytes: maxBytes, deadlineHeader, compression } = this.#options;
    let body: string | Buffer = call.body;
    let encoding: 'gzip' | undefined;
    if (compression !== undefined) {
      const deflating = deflated(call.body, compression);
      if (deflating !== undefined) [body, encoding] = [await deflating, 'gzip'];
    }
    const timeoutMs = Math.max(1, deadlineMs - performance.now());
    const headers: Record<string, string> = {
      ...call.headers,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    };
    if (encoding !== undefined) headers['content-encoding'] = encoding;
    if (compression !== undefined && compression.accepts.length > 0) {
      headers['accept-encoding'] = compression.accepts.join(', ');
    }
    if (deadlineHeader !== undefined) headers[deadlineHeader] = String(Math.ceil(timeoutMs));
    const onAnswering =
      progress &&
      ((): void => {
        progress.hasBegun = true;
      });
    const answer = await this.#connections.exchange(
      { path: this.#path, headers, body },
      { timeoutMs, maxBytes, cancellation, isRepeatable, decode: this.#decode, onAnswering },
    );
    const { keepsDigits, keepsHeaders } = call;
    return new ReceivedAnswer(answer, { subgraph, keepsDigits, keepsHeaders });
  }

  /** Waits for the requests in flight. */
  async close(): Promise<void> {
    await this.#connections.close();
  }
}
