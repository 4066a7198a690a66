import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { type ErrorCode, errorKinds, GatewayError } from '../errors.ts';

/** An error as a GraphQL response, for requests that end before GraphQL. */
export function errorBody(error: GatewayError): string {
  const { code } = error;
  const message = errorKinds[code].clientMayRead ? error.message : errorKinds[code].summary;
  return JSON.stringify({ errors: [{ message, extensions: { code } }] });
}

export function jsonError(reply: FastifyReply, error: GatewayError): FastifyReply {
  const status = error.status ?? 500;
  // a gateway that has no supergraph yet, or is closing, is worth asking again
  if (status === 503) reply.header('retry-after', '1');
  reply.headers(error.headers);
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .send(errorBody(error));
}

/** Errors of Node's HTTP parser, by code. Source: Node.js documentation, event `clientError`. */
const PARSER_CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'REQUEST_HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/** Answers what is not HTTP, too large in its headers, or too slow; there is no request object to answer through. */
export function onClientError(error: Error & { code?: string }, socket: Socket): void {
  // over a connection whose TLS failed, no answer can be given
  if (
    error.code === 'ECONNRESET' ||
    !socket.writable ||
    /^(ERR_SSL_|ERR_TLS_|EPROTO$)/.test(error.code ?? '')
  ) {
    socket.destroy();
    return;
  }
  const code = PARSER_CODES[error.code ?? ''] ?? 'BAD_REQUEST';
  const status = errorKinds[code].status ?? 400;
  const body = errorBody(new GatewayError(code));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
