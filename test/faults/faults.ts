import { constants } from 'node:http2';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type AskKind, notes, wholeData } from './faultyGraph.ts';
import type { Conversation, Misbehave, RightAnswer } from './faultySubgraph.ts';
import type { RowKey } from './operatorTable.ts';

/** What an error of the answer is: its code, and the path that the client knows. */
export interface ExpectedError {
  readonly code: string;
  /** Default: the place of the fetch, `['items']` or `['latest']`; `null` = none. */
  readonly path?: readonly (string | number)[] | null;
  /** `extensions.http.status`: what the subgraph answered with. */
  readonly status?: number;
}

export interface ExpectedAnswer {
  /** Default: all but what the fetch was for. */
  readonly data?: unknown;
  readonly errors: readonly ExpectedError[];
}

/** Something that a subgraph does wrong, and what its client sees of it. */
export interface Fault {
  readonly name: string;
  /** Of the table for operators in gateway/README.md. */
  readonly row: RowKey;
  readonly misbehave: Misbehave;
  /** By what is asked for; a kind that is not there is not asked. */
  readonly sees: Partial<Readonly<Record<AskKind, ExpectedAnswer>>>;
  /** Where it can be shown; default: over every protocol. */
  readonly over?: 'http1' | 'http2';
  /** Whether the answer comes when the time is over, and no sooner. */
  readonly lastsUntilDeadline?: boolean;
  /** Whether it costs memory or processor time to produce: such are asked one after the other. */
  readonly isHeavy?: boolean;
  /**
   * Whether the subgraph is to be spared for it: no answer, none in time, a 5xx, no GraphQL. It counts for the circuit breaker and
   * for the ejection of instances.
   */
  readonly isFailure: boolean;
  /**
   * Whether a query is worth another try, where those are on: no answer had begun, or it had one of the statuses that say so and
   * may be waited for.
   */
  readonly isRetried?: true;
}

const everywhere = (answer: ExpectedAnswer): Fault['sees'] => ({
  root: answer,
  entities: answer,
  mutation: answer,
});
const fails = (code: string, status?: number): Fault['sees'] =>
  everywhere({ errors: [{ code, ...(status === undefined ? {} : { status }) }] });

const timedOut = fails('GATEWAY_TIMEOUT');
const httpError = fails('SUBREQUEST_HTTP_ERROR');
const malformed = fails('SUBREQUEST_MALFORMED_RESPONSE');
/** The fault changes nothing that was asked for. */
const harmless: Fault['sees'] = {
  root: { data: wholeData.root, errors: [] },
  entities: { data: wholeData.entities, errors: [] },
  mutation: { data: wholeData.mutation, errors: [] },
};

const json = 'content-type: application/json\r\n';
const head = (headers = json): string => `HTTP/1.1 200 OK\r\n${headers}`;

/** Bytes as they stand, on an open connection. */
const raw =
  (bytes: string | Buffer): Misbehave =>
  ({ socket }) => {
    socket.write(bytes);
  };
/** Bytes as they stand, and the end of the connection. */
const rawAndEnd =
  (bytes: string | Buffer): Misbehave =>
  ({ socket }) => {
    socket.end(bytes);
  };

/** The right answer in another form. */
const rightlyBut =
  (send: (body: string, conversation: Conversation) => void): Misbehave =>
  async (conversation) =>
    send(JSON.stringify(await conversation.rightAnswer()), conversation);

interface Sent {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A proper HTTP answer. */
const sends =
  ({ status = 200, headers = { 'content-type': 'application/json' }, body = '' }: Sent): Misbehave =>
  ({ response }) => {
    response.writeHead(status, { ...headers });
    response.end(body);
  };

/** The right answer's JSON, changed. */
const changes =
  (change: (answer: RightAnswer) => unknown): Misbehave =>
  async (conversation) => {
    const changed = change(await conversation.rightAnswer());
    const body = typeof changed === 'string' ? changed : JSON.stringify(changed);
    await sends({ body })(conversation);
  };

/** Again and again until the gateway has had enough. */
const repeatedly =
  (begin: string, piece: string, everyMs: number): Misbehave =>
  ({ socket }) => {
    socket.write(begin);
    const timer = setInterval(() => socket.write(piece), everyMs);
    socket.once('close', () => clearInterval(timer));
  };

/** As fast as the gateway reads. */
const flood =
  (begin: string, piece: string, bytes: number): Misbehave =>
  ({ socket }) => {
    socket.write(begin);
    let left = bytes;
    const writeOn = (): void => {
      while (left > 0 && socket.writable) {
        left -= piece.length;
        if (!socket.write(piece)) {
          socket.once('drain', writeOn);
          return;
        }
      }
      if (left <= 0) socket.end();
    };
    writeOn();
  };

const half = (text: string): string => text.slice(0, text.length >> 1);
const compressed = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
const megabytes = 1_000_000;
const errorsOnly = { errors: [{ message: 'The database is gone.' }] };
/** What a subgraph reports and that its HTTP status is none of success: both are told. */
const reportedAnd = (status: number): Fault['sees'] =>
  everywhere({
    errors: [{ code: 'DOWNSTREAM_SERVICE_ERROR' }, { code: 'SUBREQUEST_HTTP_ERROR', status }],
  });
const values: readonly string[] = ['Fine', 'added', ...notes];
/** The answer as JSON, with other JSON in the place of some texts. */
const instead = (answer: RightAnswer, texts: readonly string[], value: string): string =>
  texts.reduce((json, text) => json.replaceAll(`"${text}"`, () => value), JSON.stringify(answer));
const entitiesOf = (answer: RightAnswer): unknown[] | undefined =>
  (answer.data as { _entities?: unknown[] } | undefined)?._entities;

/** Every fault that a subgraph shows in answer to one request. A new one is tested by being listed. */
export const faults: readonly Fault[] = [
  // time
  {
    name: 'never answers',
    row: 'slow',
    isFailure: true,
    isRetried: true,
    misbehave: () => {},
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'stops after its headers',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    misbehave: raw(`${head()}content-length: 100\r\n\r\n`),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'stops within its headers',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: raw(head()),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'stops within its body',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    misbehave: rightlyBut((body, { socket }) => {
      socket.write(`${head()}content-length: ${body.length}\r\n\r\n${half(body)}`);
    }),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'sends its headers byte by byte for ever',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: repeatedly(`${head()}x-slow: `, 'x', 20),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'sends its body byte by byte for ever',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    misbehave: repeatedly(`${head()}content-length: 100000\r\n\r\n{`, ' ', 20),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'sends a body in chunks that never ends',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    misbehave: repeatedly(`${head()}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`, '1\r\n \r\n', 20),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'sends early hints for ever',
    row: 'slow',
    over: 'http1',
    isFailure: true,
    misbehave: repeatedly('', 'HTTP/1.1 103 Early Hints\r\n\r\n', 20),
    sees: timedOut,
    lastsUntilDeadline: true,
  },

  // connections
  {
    name: 'resets the connection without a byte',
    row: 'broken',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: ({ socket }) => {
      socket.resetAndDestroy();
    },
    sees: httpError,
  },
  {
    name: 'closes the connection without a byte',
    row: 'broken',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: ({ socket }) => {
      socket.end();
    },
    sees: httpError,
  },
  {
    name: 'closes the connection within its headers',
    row: 'broken',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: rawAndEnd(head()),
    sees: httpError,
  },
  {
    name: 'resets the connection within the body',
    row: 'broken',
    over: 'http1',
    isFailure: true,
    misbehave: rightlyBut((body, { socket }) => {
      socket.write(`${head()}content-length: ${body.length}\r\n\r\n${half(body)}`, () =>
        socket.resetAndDestroy(),
      );
    }),
    sees: httpError,
  },
  {
    name: 'closes the connection within the body',
    row: 'broken',
    over: 'http1',
    isFailure: true,
    misbehave: rightlyBut((body, { socket }) => {
      socket.end(`${head()}content-length: ${body.length}\r\n\r\n${half(body)}`);
    }),
    sees: httpError,
  },
  {
    name: 'closes the connection within a chunk',
    row: 'broken',
    over: 'http1',
    isFailure: true,
    misbehave: rightlyBut((body, { socket }) => {
      socket.end(`${head()}transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${half(body)}`);
    }),
    sees: httpError,
  },
  {
    name: 'ends a body without a length in the middle',
    row: 'malformed',
    over: 'http1',
    isFailure: true,
    misbehave: rightlyBut((body, { socket }) => {
      socket.end(`${head()}connection: close\r\n\r\n${half(body)}`);
    }),
    sees: malformed,
  },

  // HTTP that is none
  {
    name: 'does not speak HTTP',
    row: 'notHttp',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: rawAndEnd('SSH-2.0-OpenSSH_9.6\r\n'),
    sees: httpError,
  },
  {
    name: 'answers with two lengths',
    row: 'notHttp',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: rawAndEnd(`${head()}content-length: 2\r\ncontent-length: 13\r\n\r\n{"data":null}`),
    sees: httpError,
  },
  {
    name: 'answers with a length and in chunks',
    row: 'notHttp',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: rawAndEnd(
      `${head()}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ),
    sees: httpError,
  },
  {
    name: 'sends chunks whose size is none',
    row: 'notHttp',
    over: 'http1',
    isFailure: true,
    misbehave: rawAndEnd(`${head()}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`),
    sees: httpError,
  },
  {
    name: 'sends 64 kB of headers',
    row: 'notHttp',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: rawAndEnd(`${head()}x-large: ${'x'.repeat(65_536)}\r\ncontent-length: 2\r\n\r\n{}`),
    sees: httpError,
  },
  {
    name: 'switches to another protocol',
    row: 'notHttp',
    over: 'http1',
    isFailure: true,
    isRetried: true,
    misbehave: raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: foo\r\nconnection: upgrade\r\n\r\n'),
    sees: httpError,
  },
  {
    name: 'sends a second answer that nobody asked for',
    row: 'harmless',
    over: 'http1',
    isFailure: false,
    misbehave: rightlyBut((body, { socket }) => {
      const forged = '{"data":{"reviewsLatest":"forged","reviewsAdd":"forged"}}';
      const one = (text: string): string => `${head()}content-length: ${text.length}\r\n\r\n${text}`;
      socket.write(one(body) + one(forged));
    }),
    sees: harmless,
  },

  // HTTP/2
  {
    name: 'resets the stream without an answer',
    row: 'broken',
    over: 'http2',
    isFailure: true,
    misbehave: ({ stream }) => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    sees: httpError,
  },
  {
    name: 'resets the stream within the body',
    row: 'broken',
    over: 'http2',
    isFailure: true,
    misbehave: rightlyBut((body, { stream }) => {
      stream.respond({ 'content-type': 'application/json', 'content-length': body.length });
      stream.write(half(body), () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    }),
    sees: httpError,
  },
  {
    name: 'refuses the stream',
    row: 'broken',
    over: 'http2',
    isFailure: true,
    misbehave: ({ stream }) => {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    },
    // a mutation too is sent once more then: it was not read (RFC 9113, §8.7)
    sees: { root: httpError.root, entities: httpError.entities },
  },
  {
    name: 'ends the stream within the body',
    row: 'malformed',
    over: 'http2',
    isFailure: true,
    misbehave: rightlyBut((body, { stream }) => {
      stream.respond({ 'content-type': 'application/json' });
      stream.end(half(body));
    }),
    sees: malformed,
  },
  {
    name: 'stops within the stream',
    row: 'slow',
    over: 'http2',
    isFailure: true,
    misbehave: rightlyBut((body, { stream }) => {
      stream.respond({ 'content-type': 'application/json' });
      stream.write(half(body));
    }),
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'sends frames of one byte for ever',
    row: 'slow',
    over: 'http2',
    isFailure: true,
    misbehave: ({ stream }) => {
      stream.on('error', () => {});
      stream.respond({ 'content-type': 'application/json' });
      const timer = setInterval(() => stream.write(' '), 20);
      stream.once('close', () => clearInterval(timer));
    },
    sees: timedOut,
    lastsUntilDeadline: true,
  },
  {
    name: 'destroys the session',
    row: 'broken',
    over: 'http2',
    isFailure: true,
    misbehave: ({ stream }) => {
      stream.session?.destroy();
    },
    sees: httpError,
  },

  // statuses
  {
    name: 'answers 500 with text',
    row: 'status',
    isFailure: true,
    isRetried: true,
    misbehave: sends({ status: 500, headers: { 'content-type': 'text/plain' }, body: 'at /srv/app.js:1' }),
    sees: fails('SUBREQUEST_HTTP_ERROR', 500),
  },
  {
    name: 'answers 502 with HTML',
    row: 'status',
    isFailure: true,
    isRetried: true,
    misbehave: sends({ status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' }),
    sees: fails('SUBREQUEST_HTTP_ERROR', 502),
  },
  {
    name: 'answers 503 and when to come again',
    row: 'status',
    isFailure: true,
    misbehave: sends({ status: 503, headers: { 'retry-after': '120' } }),
    sees: fails('SUBREQUEST_HTTP_ERROR', 503),
  },
  {
    name: 'answers 429 and when to come again',
    row: 'status',
    isFailure: false,
    misbehave: sends({ status: 429, headers: { 'retry-after': '120' } }),
    sees: fails('SUBREQUEST_HTTP_ERROR', 429),
  },
  {
    name: 'answers 404',
    row: 'status',
    isFailure: false,
    misbehave: sends({ status: 404 }),
    sees: fails('SUBREQUEST_HTTP_ERROR', 404),
  },
  {
    name: 'redirects',
    row: 'status',
    isFailure: false,
    misbehave: sends({ status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } }),
    sees: fails('SUBREQUEST_HTTP_ERROR', 302),
  },
  {
    name: 'answers 500 with errors of GraphQL',
    row: 'statusWithErrors',
    isFailure: true,
    isRetried: true,
    misbehave: sends({ status: 500, body: JSON.stringify(errorsOnly) }),
    sees: reportedAnd(500),
  },
  {
    name: 'answers 401 with errors of GraphQL',
    row: 'statusWithErrors',
    isFailure: false,
    misbehave: sends({ status: 401, body: JSON.stringify(errorsOnly) }),
    sees: reportedAnd(401),
  },
  {
    name: 'answers 429 with errors of GraphQL',
    row: 'statusWithErrors',
    isFailure: false,
    misbehave: sends({
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '1' },
      body: JSON.stringify(errorsOnly),
    }),
    sees: reportedAnd(429),
  },
  {
    name: 'answers 500 with the right data',
    row: 'statusWithErrors',
    isFailure: true,
    isRetried: true,
    misbehave: rightlyBut((body, { response }) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(body);
    }),
    sees: {
      root: { data: wholeData.root, errors: [{ code: 'SUBREQUEST_HTTP_ERROR', status: 500 }] },
      entities: { data: wholeData.entities, errors: [{ code: 'SUBREQUEST_HTTP_ERROR', status: 500 }] },
      mutation: { data: wholeData.mutation, errors: [{ code: 'SUBREQUEST_HTTP_ERROR', status: 500 }] },
    },
  },

  // bodies that are no GraphQL
  {
    name: 'answers 204',
    row: 'malformed',
    isFailure: true,
    misbehave: sends({ status: 204, headers: {} }),
    sees: malformed,
  },
  {
    name: 'answers 200 with nothing',
    row: 'malformed',
    isFailure: true,
    misbehave: sends({}),
    sees: malformed,
  },
  {
    name: 'answers without a content type',
    row: 'malformed',
    isFailure: true,
    misbehave: rightlyBut((body, { response }) => {
      response.writeHead(200);
      response.end(body);
    }),
    sees: malformed,
  },
  {
    name: 'answers with another content type',
    row: 'malformed',
    isFailure: true,
    misbehave: rightlyBut((body, { response }) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end(body);
    }),
    sees: malformed,
  },
  {
    name: 'answers 200 with HTML',
    row: 'malformed',
    isFailure: true,
    misbehave: sends({ headers: { 'content-type': 'text/html' }, body: '<h1>Please sign in</h1>' }),
    sees: malformed,
  },
  {
    name: 'answers with half of the JSON',
    row: 'malformed',
    isFailure: true,
    misbehave: rightlyBut((body, conversation) => sends({ body: half(body) })(conversation)),
    sees: malformed,
  },
  {
    name: 'answers with a list',
    row: 'malformed',
    isFailure: true,
    misbehave: sends({ body: '[]' }),
    sees: malformed,
  },
  {
    name: 'answers with a text',
    row: 'malformed',
    isFailure: true,
    misbehave: sends({ body: '"{}"' }),
    sees: malformed,
  },
  {
    name: 'answers with bytes that are not UTF-8',
    row: 'malformed',
    isFailure: true,
    misbehave: sends({
      body: Buffer.from([
        ...Buffer.from('{"data":{"reviewsLatest":"'),
        0xff,
        0xfe,
        0x80,
        ...Buffer.from('"}}'),
      ]),
    }),
    sees: malformed,
  },
  {
    name: 'compresses in a way that it was not asked for',
    row: 'malformed',
    isFailure: true,
    misbehave: rightlyBut((body, conversation) =>
      sends({ headers: { ...compressed, 'content-encoding': 'x-none' }, body: brotliCompressSync(body) })(
        conversation,
      ),
    ),
    sees: malformed,
  },
  {
    name: 'says gzip and sends text',
    row: 'malformed',
    isFailure: true,
    misbehave: rightlyBut((body, conversation) => sends({ headers: compressed, body })(conversation)),
    sees: malformed,
  },
  {
    name: 'compresses twenty times',
    row: 'malformed',
    isFailure: true,
    misbehave: ({ response }) => {
      let body = Buffer.from('{"data":null}');
      for (let times = 0; times < 20; times += 1) body = gzipSync(body);
      response.writeHead(200, { ...compressed, 'content-encoding': Array(20).fill('gzip').join(', ') });
      response.end(body);
    },
    sees: malformed,
  },

  // sizes
  {
    name: 'answers with 64 MB of JSON',
    row: 'tooLarge',
    over: 'http1',
    isFailure: false,
    misbehave: flood(
      `${head()}connection: close\r\n\r\n{"data":{"reviewsLatest":"`,
      'x'.repeat(65_536),
      64 * megabytes,
    ),
    sees: malformed,
    isHeavy: true,
  },
  {
    name: 'answers with 64 MB of blanks before the JSON',
    row: 'tooLarge',
    over: 'http1',
    isFailure: false,
    misbehave: flood(`${head()}connection: close\r\n\r\n`, ' '.repeat(65_536), 64 * megabytes),
    sees: malformed,
    isHeavy: true,
  },
  {
    name: 'answers with 200 MB in 200 kB of gzip',
    row: 'tooLarge',
    isFailure: true,
    misbehave: ({ response }) => {
      bomb ??= Buffer.concat([
        gzipSync('{"data":{"reviewsLatest":"'),
        ...Array(200).fill(gzipSync(Buffer.alloc(megabytes, 'x'))),
        gzipSync('"}}'),
      ]);
      response.writeHead(200, compressed);
      response.end(bomb);
    },
    sees: malformed,
    isHeavy: true,
  },

  // GraphQL that is none
  {
    name: 'answers with neither data nor errors',
    row: 'notGraphql',
    isFailure: true,
    misbehave: sends({ body: '{}' }),
    sees: malformed,
  },
  {
    name: 'answers with data null and no errors',
    row: 'notGraphql',
    isFailure: true,
    misbehave: sends({ body: '{"data":null}' }),
    sees: malformed,
  },
  {
    name: 'answers with data null and an empty list of errors',
    row: 'notGraphql',
    isFailure: true,
    misbehave: sends({ body: '{"data":null,"errors":[]}' }),
    sees: malformed,
  },
  {
    name: 'answers with data that is a list',
    row: 'notGraphql',
    isFailure: true,
    misbehave: sends({ body: '{"data":[]}' }),
    sees: malformed,
  },
  {
    name: 'answers with errors that are no list',
    row: 'notGraphql',
    isFailure: true,
    misbehave: sends({ body: '{"errors":{"message":"no"}}' }),
    sees: malformed,
  },

  // errors of its own
  {
    name: 'reports an error and no data',
    row: 'reported',
    isFailure: false,
    misbehave: sends({ body: JSON.stringify({ data: null, ...errorsOnly }) }),
    sees: fails('DOWNSTREAM_SERVICE_ERROR'),
  },
  {
    name: 'reports errors that are no objects',
    row: 'reported',
    isFailure: false,
    misbehave: sends({ body: '{"errors":[null,"no",7]}' }),
    sees: everywhere({ errors: Array(3).fill({ code: 'DOWNSTREAM_SERVICE_ERROR' }) }),
  },
  {
    name: 'reports an error with a code, a status and a stack trace',
    row: 'reported',
    isFailure: false,
    misbehave: sends({
      body: JSON.stringify({
        errors: [
          {
            message: 'no',
            extensions: {
              code: 'LOST',
              http: { status: 418 },
              stacktrace: ['Error: at /srv/app.js:1:1'],
              exception: {},
            },
          },
        ],
      }),
    }),
    sees: fails('LOST'),
  },
  {
    name: 'reports an error of one entity',
    row: 'reported',
    isFailure: false,
    misbehave: changes((answer) => {
      const [first, second] = entitiesOf(answer) as Record<string, unknown>[];
      // under which name the gateway asks for a field is its own affair
      const key = Object.keys(second ?? {}).find((each) => second?.[each] === notes[1]) ?? '';
      return {
        data: { _entities: [first, { ...second, [key]: null }] },
        errors: [{ message: 'no', path: ['_entities', 1, key] }],
      };
    }),
    sees: {
      entities: {
        data: wholeData.entitiesBut(1),
        errors: [{ code: 'DOWNSTREAM_SERVICE_ERROR', path: ['items', 1, 'note'] }],
      },
    },
  },
  {
    name: 'reports ten thousand errors',
    row: 'tooManyErrors',
    isFailure: false,
    misbehave: sends({
      body: JSON.stringify({
        errors: Array.from({ length: 10_000 }, (_, index) => ({ message: `error ${index}` })),
      }),
    }),
    sees: everywhere({
      errors: [
        ...Array(99).fill({ code: 'DOWNSTREAM_SERVICE_ERROR' }),
        { code: 'DOWNSTREAM_SERVICE_ERROR', path: null },
      ],
    }),
  },

  // entities
  {
    name: 'answers with fewer entities than it was asked for',
    row: 'entities',
    isFailure: false,
    misbehave: changes((answer) => ({ data: { _entities: entitiesOf(answer)?.slice(1) } })),
    sees: { entities: { errors: [{ code: 'SUBREQUEST_MALFORMED_RESPONSE' }] } },
  },
  {
    name: 'answers with more entities than it was asked for',
    row: 'entities',
    isFailure: false,
    misbehave: changes((answer) => ({ data: { _entities: [...(entitiesOf(answer) ?? []), {}] } })),
    sees: { entities: { errors: [{ code: 'SUBREQUEST_MALFORMED_RESPONSE' }] } },
  },
  {
    name: 'answers with entities that are no objects',
    row: 'entities',
    isFailure: false,
    misbehave: changes((answer) => ({ data: { _entities: entitiesOf(answer)?.map(() => 7) } })),
    sees: { entities: { errors: [{ code: 'SUBREQUEST_MALFORMED_RESPONSE' }] } },
  },
  {
    name: 'does not know an entity',
    row: 'unknownEntity',
    isFailure: false,
    misbehave: changes((answer) => ({ data: { _entities: [entitiesOf(answer)?.[0], null] } })),
    sees: { entities: { data: wholeData.entitiesBut(1), errors: [] } },
  },

  // values
  {
    name: 'answers with a value of another type',
    row: 'wrongType',
    isFailure: false,
    misbehave: changes((answer) => instead(answer, values, '{"is":"an object"}')),
    sees: {
      root: { errors: [{ code: 'RESPONSE_VALIDATION_FAILED' }] },
      mutation: { errors: [{ code: 'RESPONSE_VALIDATION_FAILED' }] },
      entities: {
        errors: [0, 1].map((index) => ({
          code: 'RESPONSE_VALIDATION_FAILED',
          path: ['items', index, 'note'],
        })),
      },
    },
  },
  {
    name: 'answers with a value that is nested a million levels deep',
    row: 'wrongType',
    isFailure: false,
    misbehave: changes((answer) => {
      deep ??= '['.repeat(1_000_000) + ']'.repeat(1_000_000);
      return instead(answer, ['Fine', 'added', notes[0]], deep);
    }),
    sees: {
      root: { errors: [{ code: 'RESPONSE_VALIDATION_FAILED' }] },
      mutation: { errors: [{ code: 'RESPONSE_VALIDATION_FAILED' }] },
      entities: {
        data: wholeData.entitiesBut(0),
        errors: [{ code: 'RESPONSE_VALIDATION_FAILED', path: ['items', 0, 'note'] }],
      },
    },
    isHeavy: true,
  },

  // what does no harm
  {
    name: 'answers with fields that nobody asked for',
    row: 'harmless',
    isFailure: false,
    misbehave: changes(({ data }) => ({
      data: {
        ...data,
        secret: 'nobody asked',
        _entities: (data?._entities as object[] | undefined)?.map((entity) => ({
          ...entity,
          secret: 'nobody asked',
        })),
      },
      extensions: { tracing: 'nobody asked' },
      more: 'nobody asked',
    })),
    sees: harmless,
  },
  {
    name: 'answers with keys that objects inherit',
    row: 'harmless',
    isFailure: false,
    misbehave: changes((answer) => {
      const poison = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},';
      return JSON.stringify({ data: answer.data }).replaceAll('{', `{${poison}`);
    }),
    sees: harmless,
  },
  {
    name: 'answers with a key twice',
    row: 'harmless',
    isFailure: false,
    // the last one counts, as `JSON.parse` reads it (ECMA-262, `JSON.parse`, note 3)
    misbehave: changes(
      (answer) =>
        `{"data":${instead(answer, values, '"first"').slice(8, -1)},${JSON.stringify(answer).slice(1)}`,
    ),
    sees: harmless,
  },
];

let bomb: Buffer | undefined;
let deep: string | undefined;
