import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Connections } from '../../../gateway/execute/subgraph/connections.ts';
import type { ExchangeAnswer } from '../../../gateway/execute/subgraph/exchange.ts';
import type { Http2Mode } from '../../../gateway/execute/subgraph/http2Dispatcher.ts';
import { Cancellation } from '../../../gateway/runtime/cancellation.ts';
import type { TlsMaterial } from '../../../gateway/runtime/tls/tlsMaterial.ts';
import { certificateAuthority } from '../../support/certificates.ts';

const authority = certificateAuthority();
const certified = authority.issue();
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

type Answer = (stream: ServerHttp2Stream, body: string, headers: IncomingHttpHeaders) => void;

/** A subgraph over HTTP/2: what it was sent, and how it answers. */
interface Subgraph {
  readonly server: Http2Server;
  readonly sessions: ServerHttp2Session[];
  readonly sockets: Socket[];
  readonly bodies: string[];
  answer: Answer;
}

const echo: Answer = (stream, body) => {
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(body);
};

let running: Subgraph | undefined;
let connections: Connections | undefined;
afterEach(async () => {
  for (const session of running?.sessions ?? []) session.destroy();
  await connections?.close();
  await new Promise<void>((resolve) =>
    running === undefined ? resolve() : running.server.close(() => resolve()),
  );
  running = undefined;
  connections = undefined;
});

async function serve(options: SecureServerOptions & { readonly isPlain?: boolean } = {}): Promise<Subgraph> {
  const { isPlain = false, ...settings } = options;
  const server = (
    isPlain ? createServer(settings) : createSecureServer({ ...certified, ...settings })
  ) as Http2SecureServer;
  const subgraph: Subgraph = { server, sessions: [], sockets: [], bodies: [], answer: echo };
  server.on('session', (session) => subgraph.sessions.push(session));
  server.on('secureConnection', (socket) => subgraph.sockets.push(socket));
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => {});
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    subgraph.bodies.push(body);
    server.emit('taken');
    subgraph.answer(stream, body, headers);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  running = subgraph;
  return subgraph;
}

const material: TlsMaterial = { ca: authority.cert, cert: undefined, key: undefined, expiries: [] };

interface Options {
  readonly mode?: Http2Mode;
  readonly scheme?: string;
  readonly maxConnections?: number;
}

function connectionsTo(
  { server }: Pick<Subgraph, 'server'>,
  { mode = 'enable', scheme = 'https', maxConnections = 4 }: Options = {},
): Connections {
  connections = new Connections({
    origin: `${scheme}://localhost:${(server.address() as AddressInfo).port}`,
    timeoutMs: 5_000,
    maxConnections,
    tls: { material: { current: material, onChange: () => () => {} } },
    http2: mode,
  });
  return connections;
}

interface Sent {
  readonly isRepeatable?: boolean;
  readonly timeoutMs?: number;
  readonly cancellation?: Cancellation;
  readonly headers?: Readonly<Record<string, string>>;
}

function send(
  body: string,
  { isRepeatable = false, timeoutMs = 5_000, ...more }: Sent = {},
): Promise<ExchangeAnswer> {
  if (connections === undefined) throw new Error('There are no connections.');
  return connections.exchange(
    { path: '/graphql?a=b', headers: { 'content-type': 'application/json', ...more.headers }, body },
    { timeoutMs, maxBytes: 1_000, cancellation: more.cancellation ?? new Cancellation(), isRepeatable },
  );
}

const textOf = ({ chunks }: ExchangeAnswer): string => Buffer.concat(chunks).toString();
const sendText = async (body: string, sent?: Sent): Promise<string> => textOf(await send(body, sent));

describe('HTTP/2 to a subgraph', () => {
  test('carries path, host, headers and body, and gives back status, headers and body', async () => {
    const subgraph = await serve();
    let received: IncomingHttpHeaders = {};
    subgraph.answer = (stream, body, headers) => {
      received = headers;
      stream.respond({ ':status': 503, 'x-answer': 'yes' });
      stream.end(body);
    };
    connectionsTo(subgraph);
    const answer = await send('{"é":1}', { headers: { authorization: 'a', host: 'localhost:1' } });
    expect([answer.statusCode, answer.headers['x-answer'], textOf(answer)]).toEqual([503, 'yes', '{"é":1}']);
    expect(received).toMatchObject({
      ':method': 'POST',
      ':path': '/graphql?a=b',
      ':scheme': 'https',
      ':authority': 'localhost:1',
      authorization: 'a',
      'content-length': '8',
    });
    expect(received.host).toBeUndefined();
  });

  test('sends many at once over one connection', async () => {
    const subgraph = await serve();
    const held: (() => void)[] = [];
    subgraph.answer = (stream, body) => {
      held.push(() => echo(stream, body, {}));
      // none is answered before all are there
      if (held.length === 50) for (const answer of held) answer();
    };
    connectionsTo(subgraph);
    const bodies = Array.from({ length: 50 }, (_, index) => `request ${index}`);
    expect(await Promise.all(bodies.map((body) => sendText(body)))).toEqual(bodies);
    expect(subgraph.sessions).toHaveLength(1);
  });

  test('makes another connection when one has all the streams that the subgraph allows', async () => {
    const subgraph = await serve({ settings: { maxConcurrentStreams: 2 } });
    connectionsTo(subgraph, { maxConnections: 2 });
    expect(await sendText('first')).toBe('first');
    const held: (() => void)[] = [];
    subgraph.answer = (stream, body) => {
      held.push(() => echo(stream, body, {}));
      if (held.length === 4) {
        subgraph.answer = echo;
        for (const answer of held) answer();
      }
    };
    // the fifth and sixth wait for their turn
    expect(await Promise.all(['1', '2', '3', '4', '5', '6'].map((body) => sendText(body)))).toHaveLength(6);
    expect(subgraph.sessions).toHaveLength(2);
  });

  test('gives way to HTTP/1.1 where the subgraph offers nothing else', async () => {
    const { createServer: createHttps } = await import('node:https');
    const server = createHttps(certified, (request, response) => {
      response.end(request.httpVersion);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      connectionsTo({ server: server as never });
      expect(await Promise.all([sendText('a'), sendText('b')])).toEqual(['1.1', '1.1']);
      await connections?.close();
      connectionsTo({ server: server as never }, { mode: 'http2only' });
      await expect(send('a')).rejects.toThrow();
    } finally {
      await connections?.close();
      connections = undefined;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('needs no TLS with `http2only`', async () => {
    const subgraph = await serve({ isPlain: true });
    connectionsTo(subgraph, { mode: 'http2only', scheme: 'http' });
    expect(await sendText('a')).toBe('a');
  });
});

describe('HTTP/2 to a subgraph: an end in order (GOAWAY)', () => {
  test('lets what was taken be answered, and the next request makes another connection', async () => {
    const subgraph = await serve();
    let answer = (): void => {};
    subgraph.answer = (stream, body) => {
      answer = () => echo(stream, body, {});
    };
    connectionsTo(subgraph);
    const taken = once(subgraph.server, 'taken');
    const first = sendText('first');
    await taken;
    subgraph.answer = echo;
    subgraph.sessions[0]?.close();
    expect(await sendText('second')).toBe('second');
    answer();
    expect(await first).toBe('first');
    expect([subgraph.sessions.length, subgraph.bodies]).toEqual([2, ['first', 'second']]);
  });

  // RFC 9113, §6.8: streams above the last identifier were not processed, and may be sent again
  test('sends again what was not taken, mutations too', async () => {
    const subgraph = await serve();
    connectionsTo(subgraph);
    expect(await sendText('first')).toBe('first');
    // the other side goes away just when requests are on their way
    subgraph.sessions[0]?.goaway(NGHTTP2_NO_ERROR, 1);
    const bodies = ['a', 'b', 'c'];
    expect(await Promise.all(bodies.map((body) => sendText(body)))).toEqual(bodies);
    expect(subgraph.sessions).toHaveLength(2);
  });
});

describe('HTTP/2 to a subgraph: streams that fail', () => {
  test('that were refused are sent once more', async () => {
    const subgraph = await serve();
    subgraph.answer = (stream) => {
      subgraph.answer = echo;
      stream.close(NGHTTP2_REFUSED_STREAM);
    };
    connectionsTo(subgraph);
    expect(await sendText('mutation')).toBe('mutation');
    expect([subgraph.bodies, subgraph.sessions.length]).toEqual([['mutation', 'mutation'], 1]);
  });

  test('are sent once more where they may be repeated and the connection was in use; a mutation never', async () => {
    const subgraph = await serve();
    connectionsTo(subgraph);
    await send('first');
    const breakOnce = (): void => {
      subgraph.answer = (stream) => {
        subgraph.answer = echo;
        stream.session?.destroy();
      };
    };
    breakOnce();
    expect(await sendText('query', { isRepeatable: true })).toBe('query');
    breakOnce();
    await expect(send('mutation')).rejects.toMatchObject({ code: 'ERR_HTTP2_STREAM_FAILED' });
    expect(subgraph.bodies).toEqual(['first', 'query', 'query', 'mutation']);
  });

  test.each([
    ['reset', (stream: ServerHttp2Stream) => stream.close(NGHTTP2_CANCEL)],
    ['ended', (stream: ServerHttp2Stream) => stream.end()],
    ['cut off with its connection', (stream: ServerHttp2Stream) => stream.session?.destroy()],
    ['cut off with its socket', () => running?.sockets[0]?.destroy()],
  ])('in the middle of the body are no answer: %s', async (_what, fail) => {
    const subgraph = await serve();
    subgraph.answer = (stream) => {
      stream.respond({ ':status': 200, 'content-length': '100' });
      stream.write('{"data":', () => fail(stream));
    };
    connectionsTo(subgraph);
    await expect(send('query', { isRepeatable: true })).rejects.toThrow();
    expect(subgraph.bodies).toHaveLength(1);
  });

  test('an answer that is too large is reset, and the connection lives', async () => {
    const subgraph = await serve();
    connectionsTo(subgraph);
    let code: Promise<unknown> = Promise.resolve();
    subgraph.answer = (stream) => {
      code = once(stream, 'close').then(() => stream.rstCode);
      stream.respond({ ':status': 200 });
      stream.write('x'.repeat(2_000));
    };
    await expect(send('a')).rejects.toMatchObject({ reason: 'tooLarge' });
    expect(await code).toBe(NGHTTP2_CANCEL);
    subgraph.answer = echo;
    expect([await sendText('b'), subgraph.sessions.length]).toEqual(['b', 1]);
  });

  test('a client that goes away resets its stream, and no other', async () => {
    const subgraph = await serve();
    connectionsTo(subgraph);
    await send('first');
    const streams: ServerHttp2Stream[] = [];
    subgraph.answer = (stream) => {
      streams.push(stream);
    };
    const gone = new Cancellation();
    let taken = once(subgraph.server, 'taken');
    const left = send('gone', { cancellation: gone });
    await taken;
    taken = once(subgraph.server, 'taken');
    const stays = sendText('stays');
    await taken;
    const closed = once(streams[0] ?? subgraph.server, 'close');
    gone.cancel();
    await expect(left).rejects.toMatchObject({ reason: 'clientGone' });
    await closed;
    expect(streams[0]?.rstCode).toBe(NGHTTP2_CANCEL);
    if (streams[1] !== undefined) echo(streams[1], 'stays', {});
    expect([await stays, subgraph.sessions.length]).toEqual(['stays', 1]);
  });

  test('a deadline ends the wait, and a connection on which nothing came is not used again', async () => {
    const subgraph = await serve();
    connectionsTo(subgraph);
    await send('first');
    subgraph.answer = () => {};
    await expect(send('never', { timeoutMs: 300 })).rejects.toMatchObject({ reason: 'deadline' });
    subgraph.answer = echo;
    expect([await sendText('next'), subgraph.sessions.length]).toEqual(['next', 2]);
  });
});

describe('HTTP/2 to a subgraph: certificates', () => {
  test('that are replaced are those of the next connection, and what is in flight is answered', async () => {
    const subgraph = await serve();
    const listeners = new Set<() => void>();
    const followed = {
      current: material,
      onChange: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    connections = new Connections({
      origin: `https://localhost:${(subgraph.server.address() as AddressInfo).port}`,
      timeoutMs: 5_000,
      maxConnections: 4,
      tls: { material: followed },
      http2: 'enable',
    });
    let answer = (): void => {};
    subgraph.answer = (stream, body) => {
      answer = () => echo(stream, body, {});
    };
    const taken = once(subgraph.server, 'taken');
    const inFlight = sendText('in flight');
    await taken;
    subgraph.answer = echo;
    for (const listener of listeners) listener();
    expect(await sendText('next')).toBe('next');
    answer();
    expect([await inFlight, subgraph.sessions.length]).toEqual(['in flight', 2]);
  });

  test('that are not trusted fail with the code of Node.js', async () => {
    const subgraph = await serve(certificateAuthority('Another authority').issue());
    connectionsTo(subgraph);
    await expect(send('a')).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(subgraph.sessions).toEqual([]);
  });
});

describe('HTTP/2 to a subgraph: closing', () => {
  test('waits for what is in flight, also for what has no connection yet', async () => {
    const subgraph = await serve();
    const connecting = connectionsTo(subgraph);
    const answer = sendText('in flight');
    const closed = connecting.close();
    connections = undefined;
    expect(await answer).toBe('in flight');
    await closed;
  });

  test('takes nothing more', async () => {
    const subgraph = await serve();
    const closing = connectionsTo(subgraph);
    await send('first');
    await closing.close();
    await expect(send('late')).rejects.toMatchObject({ code: 'UND_ERR_CLOSED' });
    connections = undefined;
  });
});
