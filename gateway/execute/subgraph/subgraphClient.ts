import { Connections, type SubgraphTls } from './connections.ts';
import { ReceivedAnswer } from './traffic/receivedAnswer.ts';
import type { SubgraphCall } from './traffic/subgraphCall.ts';
import type { SubgraphTraffic } from './traffic/subgraphTraffic.ts';

export interface SubgraphClientOptions
  extends Pick<
    SubgraphTraffic,
    'timeoutMs' | 'maxResponseBytes' | 'maxConnections' | 'deadlineHeader' | 'http2'
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

  constructor(options: SubgraphClientOptions) {
    const { origin, pathname, search } = new URL(options.url);
    this.#options = options;
    this.#path = pathname + search;
    this.#connections = new Connections({ origin, ...options });
  }

  /**
   * Sends one operation.
   *
   * @throws ExchangeEnded, or the error of undici
   */
  async send(call: SubgraphCall): Promise<ReceivedAnswer> {
    const { body, isRepeatable, cancellation, deadlineMs, progress } = call;
    const { subgraph, maxResponseBytes: maxBytes, deadlineHeader } = this.#options;
    const timeoutMs = Math.max(1, deadlineMs - performance.now());
    const headers: Record<string, string> = {
      ...call.headers,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
    };
    if (deadlineHeader !== undefined) headers[deadlineHeader] = String(Math.ceil(timeoutMs));
    const onAnswering =
      progress &&
      ((): void => {
        progress.hasBegun = true;
      });
    const answer = await this.#connections.exchange(
      { path: this.#path, headers, body },
      { timeoutMs, maxBytes, cancellation, isRepeatable, onAnswering },
    );
    const { keepsDigits, keepsHeaders } = call;
    return new ReceivedAnswer(answer, { subgraph, keepsDigits, keepsHeaders });
  }

  /** Waits for the requests in flight. */
  async close(): Promise<void> {
    await this.#connections.close();
  }
}
