import { promisify } from 'node:util';
import { brotliDecompress, gunzip, gzip } from 'node:zlib';
import { type ExchangeAnswer, ExchangeEnded } from './exchange.ts';

/** A content coding (RFC 9110 §8.4.1). */
export type Coding = 'br' | 'gzip';

/** What is compressed between the gateway and a subgraph. */
export interface SubgraphCompression {
  /** In what the subgraph may answer; none = as it is. */
  readonly accepts: readonly Coding[];
  /** A request of so many characters is sent in gzip; `undefined` = none. */
  readonly requestMinBytes: number | undefined;
}

const INFLATE = { br: promisify(brotliDecompress), gzip: promisify(gunzip) };
const deflate = promisify(gzip);

/**
 * Inflates an answer in a coding that was asked for. One in another, or in several, stays as it is, and is then no GraphQL response.
 *
 * @param maxBytes of what it inflates to
 * @throws ExchangeEnded when it is larger
 */
export async function inflated(
  answer: ExchangeAnswer,
  { accepts, maxBytes }: { readonly accepts: readonly Coding[]; readonly maxBytes: number },
): Promise<ExchangeAnswer> {
  const { 'content-encoding': sent, ...headers } = answer.headers;
  // a list where the header came more than once, whatever its type says
  const encoding: unknown = sent;
  const coding =
    typeof encoding === 'string' ? accepts.find((one) => one === encoding.toLowerCase()) : undefined;
  if (coding === undefined) return answer;
  try {
    const body = await INFLATE[coding](Buffer.concat(answer.chunks), { maxOutputLength: maxBytes });
    return { ...answer, headers, chunks: [body] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new ExchangeEnded('tooLarge');
    return answer;
  }
}

/** @returns the body in gzip; `undefined` where it is too short to gain by it */
export function deflated(
  body: string,
  { requestMinBytes = Number.POSITIVE_INFINITY }: SubgraphCompression,
): Promise<Buffer> | undefined {
  return body.length < requestMinBytes ? undefined : deflate(body);
}
