import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, type ZlibOptions } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { addVary } from './vary.ts';

export interface CompressionOptions {
  /** Shorter answers are sent as they are. */
  readonly minBytes: number;
  /** The first of those that a client likes best. */
  readonly encodings: readonly ('br' | 'gzip')[];
}

/* Levels: 57 kB of JSON take 0.5 ms in gzip 6 and 0.4 ms in brotli 4, which is shorter; brotli's default of 11 takes 63 ms. */
const brotli = promisify(brotliCompress);
const deflate = promisify<Buffer, ZlibOptions, Buffer>(gzip);
const COMPRESS = {
  br: (bytes: Buffer) =>
    brotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gzip: (bytes: Buffer) => deflate(bytes, { level: 6 }),
};

/** Compresses JSON answers for clients that take them so, outside of the event loop. */
export function compressAnswers(app: FastifyInstance, { minBytes, encodings }: CompressionOptions): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '');
    if (!/^application\/([\w.-]+\+)?json\b/.test(type) || reply.hasHeader('content-encoding')) return payload;
    addVary(reply, 'accept-encoding');
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    if (bytes.length < minBytes || request.method === 'HEAD') return payload;
    const encoding = encodingFor(request.headers['accept-encoding'], encodings);
    if (encoding === undefined) return payload;
    const compressed = await COMPRESS[encoding](bytes);
    reply.header('content-encoding', encoding).removeHeader('content-length');
    return compressed;
  });
}

/**
 * The coding that a client likes best of those that are offered.
 * Source: RFC 9110 §12.5.3 "Accept-Encoding".
 *
 * @returns `undefined` = none, the answer as it is
 */
export function encodingFor<Encoding extends string>(
  accepted: string | undefined,
  offered: readonly Encoding[],
): Encoding | undefined {
  if (accepted === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const member of accepted.split(',')) {
    const [coding = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');
    if (coding !== '') weights.set(coding, weight === undefined ? 1 : Number(weight) || 0);
  }
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0;
  let best: Encoding | undefined;
  for (const coding of offered) {
    if (weightOf(coding) > (best === undefined ? 0 : weightOf(best))) best = coding;
  }
  // who likes it better as it is gets it so
  return best !== undefined && (weights.get('identity') ?? 0) > weightOf(best) ? undefined : best;
}
