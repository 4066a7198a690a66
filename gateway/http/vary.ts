import type { FastifyReply } from 'fastify';

/**
 * Adds header fields of requests to those that an answer differs by: CORS, compression and what may be stored each have their own.
 * Source: RFC 9110 §12.5.5 "Vary".
 */
export function addVary(reply: FastifyReply, fields: string): void {
  const before = reply.getHeader('vary');
  reply.header('vary', before === undefined ? fields : `${before}, ${fields}`);
}
