import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'undici';

export interface BoundedRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A longer body is refused while it is read. */
  readonly maxBytes: number;
  /** Ends the whole: connecting, headers and body. Timers of undici start anew with every byte. */
  readonly signal: AbortSignal;
}

export interface BoundedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Verifies whom it reads from, whatever the environment says (`NODE_TLS_REJECT_UNAUTHORIZED`): by key sets and schemas all else
 * is decided. `NODE_EXTRA_CA_CERTS` adds authorities.
 */
const verifying = new Agent({ connect: { rejectUnauthorized: true, minVersion: 'TLSv1.2' } });

/**
 * The way in which configuration is read over HTTP (schemas of subgraphs, key sets): redirects are not followed, since an
 * answer must not choose where the gateway connects; the body is bounded, and so is the time.
 *
 * @throws the error of undici, the reason of the signal, or an Error that names the bound
 */
export async function boundedRequest(options: BoundedRequest): Promise<BoundedAnswer> {
  const { url, method = 'GET', headers, body, maxBytes, signal } = options;
  const response = await request(url, { method, headers, body, signal, dispatcher: verifying });
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    response.body.destroy();
    throw new Error('the answer is compressed, which was not asked for');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode,
    headers: response.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  };
}

/**
 * Words for why a request failed. A refused connection to a name with several addresses is an AggregateError without a
 * message of its own.
 */
export function requestProblem(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(requestProblem).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}

/** An address as it may be logged: without its password and its query. */
export function withoutSecrets(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  return parsed.href;
}
