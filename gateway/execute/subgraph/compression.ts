import { promisify } from 'node:util';
import { brotliDecompress, gunzip, gzip } from 'node:zlib';
import { type ExchangeAnswer, ExchangeEnded } from './exchange.ts';

/** A content coding (RFC 9110 §8.4.1). */
export type Coding = 'br' | 'gzip';

/** What is compressed between the gateway and a subgraph. */
export interface SubgraphCompression {
  /** In what the subgraph may answer; none = as it is. */
  readonly accepts: readonly Coding[];
  /** A request of so many bytes is sent in gzip; `undefined` = none. */
  readonly requestMinBytes: number | undefined;
}

const INFLATE = { br: promisify(brotliDecompress), gzip: promisify(gunzip) };
const deflate = promisify(gzip);

/**
 * Inflates answers in a coding that is asked for. One in another, or in several, stays as it is, and is then no GraphQL response.
 *
 * @param maxBytes of what one inflates to; what it gives throws ExchangeEnded when it is more
 * @returns `undefined` where none is asked for
 */
export function inflating(
  { accepts }: SubgraphCompression,
  maxBytes: number,
): ((answer: ExchangeAnswer) => Promise<ExchangeAnswer>) | undefined {
  if (accepts.length === 0) return undefined;
  return async (answer) => {
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
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        throw new ExchangeEnded('tooLarge');
      return answer;
    }
  };
}

/** @returns the body in gzip; `undefined` where it is too short to gain by it */
export function deflated(
  body: string,
  { requestMinBytes }: SubgraphCompression,
): Promise<Buffer> | undefined {
  const isShort = requestMinBytes === undefined || Buffer.byteLength(body) < requestMinBytes;
  return isShort ? undefined : deflate(body);
}
