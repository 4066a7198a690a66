import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../gateway/errors.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../../gateway/execute/subgraph/subgraphRequest.ts';
import type {
  SubgraphSender,
  SubgraphSenderOptions,
} from '../../../gateway/execute/subgraph/subgraphSender.ts';
import { Cancellation } from '../../../gateway/runtime/cancellation.ts';
import { senderUnderTest } from '../../support/senderUnderTest.ts';
import { type StubAnswer, type StubSubgraph, startStubSubgraph } from '../../support/stubSubgraph.ts';

const body = '{"query":"{ hello }"}';

let stub: StubSubgraph;
let clients: SubgraphSender[];

beforeEach(async () => {
  clients = [];
  stub = await startStubSubgraph('greeter', 'type Query { hello: String }', {
    Query: { hello: () => 'hello' },
  });
});

afterEach(async () => {
  await stub.close();
  await Promise.all(clients.map((client) => client.close()));
});

function clientOf(options: Partial<SubgraphSenderOptions> = {}): SubgraphSender {
  const client = senderUnderTest({ subgraph: 'greeter', url: stub.url, ...options });
  clients.push(client);
  return client;
}

const send = (
  client: SubgraphSender,
  cancellation = new Cancellation(),
  isShareable = false,
): Promise<SubgraphResponse> =>
  client.send({ body, headers: {}, cancellation, isShareable, isRepeatable: false });

/** What a caller learns of a failed request. */
async function failureOf(sent: Promise<unknown>): Promise<unknown> {
  const error = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GatewayError)) throw new Error(`no GatewayError but ${String(error)}`);
  return { message: error.message, ...error.extensions };
}

const httpError = (reason: string, status?: number): unknown => ({
  message: `HTTP fetch failed from 'greeter': ${reason}`,
  code: 'SUBREQUEST_HTTP_ERROR',
  service: 'greeter',
  reason,
  ...(status === undefined ? {} : { subrequestStatus: status }),
});

const malformed = (reason: string): unknown => ({
  message: `Malformed response from 'greeter': ${reason}`,
  code: 'SUBREQUEST_MALFORMED_RESPONSE',
  service: 'greeter',
  reason,
});

const timedOut = {
  message: "Subgraph 'greeter' did not answer within 500 ms",
  code: 'GATEWAY_TIMEOUT',
  service: 'greeter',
};

describe('subgraph client: a request', () => {
  test('gives back data', async () => {
    expect(await send(clientOf())).toEqual({ data: { hello: 'hello' } });
  });

  test('carries the body as it was given, and the headers of the rules beside its own', async () => {
    await clientOf().send({
      body,
      headers: { authorization: 'Bearer t', 'content-type': 'text/plain' },
      cancellation: new Cancellation(),
      isShareable: false,
      isRepeatable: false,
    });
    const [request] = stub.requests;
    const { connection: _connection, host: _host, ...headers } = request?.headers ?? {};
    expect([request?.body, headers]).toEqual([
      body,
      {
        authorization: 'Bearer t',
        'content-type': 'application/json',
        'content-length': `${body.length}`,
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
    ]);
  });

  test('says how long it is waited for, where a header is named for that, and not what a client says', async () => {
    await clientOf({ timeoutMs: 400, deadlineHeader: 'x-left-ms' }).send({
      body,
      headers: { 'x-left-ms': '1' },
      cancellation: new Cancellation(),
      isShareable: false,
      isRepeatable: false,
    });
    const left = Number(stub.requests[0]?.headers['x-left-ms']);
    expect([left > 300, left <= 400]).toEqual([true, true]);
  });

  test('goes to the path and the query of the URL', async () => {
    let path: string | undefined;
    stub.answer = (response, request) => {
      path = request.url;
      response.setHeader('content-type', 'application/json').end('{"data":{}}');
    };
    await send(clientOf({ url: `http://${stub.host}/a/b?c=d` }));
    expect(path).toBe('/a/b?c=d');
  });

  test('gives back data and errors together, keeping of an error what GraphQL defines', async () => {
    stub.answer = {
      body: '{"data":{"hello":null},"errors":[{"message":"no","path":["hello"],"extensions":{"code":"X"},"locations":[{"line":1,"column":1}],"more":1}]}',
    };
    expect(await send(clientOf())).toEqual({
      data: { hello: null },
      errors: [{ message: 'no', path: ['hello'], extensions: { code: 'X' } }],
    });
  });

  test.each([
    ['null', [null]],
    ['a string', ['x']],
    ['an object without a message', [{ code: 'X' }]],
    ['a message that is no string', [{ message: 7 }]],
  ])('does not lose an error that is %s', async (_what, errors) => {
    stub.answer = { body: JSON.stringify({ errors }) };
    expect(await send(clientOf())).toEqual({
      errors: [{ message: 'The subgraph reported an error without a message.' }],
    });
  });

  test.each(['application/json; charset=utf-8', 'application/graphql-response+json', 'Application/JSON'])(
    'reads an answer of the type %s',
    async (type) => {
      stub.answer = { headers: { 'content-type': type }, body: '{"data":{"hello":"é"}}' };
      expect(await send(clientOf())).toEqual({ data: { hello: 'é' } });
    },
  );

  // Source: GraphQL over HTTP: a GraphQL response may come with any status.
  test.each([400, 500, 503])('gives back the GraphQL response of a %i, with the status', async (status) => {
    stub.answer = { status, body: '{"errors":[{"message":"busy"}]}' };
    expect(await send(clientOf())).toEqual({ errors: [{ message: 'busy' }], failedStatus: status });
  });
});

describe('subgraph client: an answer that is not a GraphQL response', () => {
  const html = { 'content-type': 'text/html' };
  const noGraphQL = 'the body is not a GraphQL response with `data` or `errors`';
  const cases: readonly [string, StubAnswer, unknown][] = [
    ['HTML', { headers: html, body: '<html>' }, malformed('the body is not JSON')],
    [
      'JSON that is said to be HTML',
      { headers: html, body: '{"data":{}}' },
      malformed('the body is not JSON'),
    ],
    ['an empty body', { body: '' }, malformed('the body is not JSON')],
    ['a 204', { status: 204 }, malformed('the body is not JSON')],
    ['invalid JSON', { body: '{"data":{"hello":"h' }, malformed('the body is not JSON')],
    ['a list', { body: '[{"data":{}}]' }, malformed(noGraphQL)],
    ['null', { body: 'null' }, malformed(noGraphQL)],
    ['neither data nor errors', { body: '{"ok":true}' }, malformed(noGraphQL)],
    ['no data and no error', { body: '{"errors":[]}' }, malformed(noGraphQL)],
    ['data null without errors', { body: '{"data":null}' }, malformed(noGraphQL)],
    ['data null with no error', { body: '{"data":null,"errors":[]}' }, malformed(noGraphQL)],
    ['data that is a list', { body: '{"data":[]}' }, malformed(noGraphQL)],
    ['data that is a string', { body: '{"data":"x"}' }, malformed(noGraphQL)],
    ['errors that are no list', { body: '{"data":{},"errors":{"message":"x"}}' }, malformed(noGraphQL)],
    [
      'compression that was not asked for',
      (response) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync('{"data":{}}')),
      malformed('the body is not JSON'),
    ],
    ['a 500 of HTML', { status: 500, headers: html, body: '<html>' }, httpError('HTTP status 500', 500)],
    ['a 502 without a body', { status: 502 }, httpError('HTTP status 502', 502)],
    ['a 429 of JSON', { status: 429, body: '{"error":"slow down"}' }, httpError('HTTP status 429', 429)],
  ];

  test.each(cases)('%s', async (_what, answer, expected) => {
    stub.answer = answer;
    expect(await failureOf(send(clientOf()))).toEqual(expected);
  });

  test('a redirect is not followed', async () => {
    const target = await startStubSubgraph('target', 'type Query { a: Int }');
    try {
      stub.answer = { status: 307, headers: { location: target.url } };
      expect([await failureOf(send(clientOf())), target.requests]).toEqual([
        httpError('HTTP status 307', 307),
        [],
      ]);
    } finally {
      await target.close();
    }
  });

  test('a body that is too large ends the connection', async () => {
    stub.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const write = (): void => {
        if (!response.destroyed) response.write('x'.repeat(500), () => setImmediate(write));
      };
      write();
    };
    expect(await failureOf(send(clientOf()))).toEqual(malformed('the answer is larger than 1000 bytes'));
    expect(await stub.requests[0]?.ended).toBe('closed');
  });

  test('a body of the allowed size is read', async () => {
    stub.answer = { body: '{"data":{}}'.padEnd(1_000) };
    expect(await send(clientOf())).toEqual({ data: {} });
  });
});

describe('subgraph client: a connection that fails', () => {
  test('nobody listens', async () => {
    const client = clientOf();
    await stub.close();
    try {
      expect(await failureOf(send(client))).toEqual(httpError('connection refused'));
    } finally {
      stub = await startStubSubgraph('greeter', 'type Query { hello: String }');
    }
  });

  test('a reset', async () => {
    stub.answer = 'reset';
    const failure = await failureOf(send(clientOf()));
    expect([httpError('connection reset'), httpError('connection closed')]).toContainEqual(failure);
  });

  test('a reset in the middle of the body', async () => {
    stub.answer = (response, request) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"data":', () => request.socket.resetAndDestroy());
    };
    const failure = await failureOf(send(clientOf()));
    expect([httpError('connection reset'), httpError('connection closed')]).toContainEqual(failure);
  });

  test('a body that ends before its announced length', async () => {
    stub.answer = (response, request) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"data":{}}', () => request.socket.end());
    };
    expect(await failureOf(send(clientOf()))).toEqual(httpError('connection closed'));
  });

  test('a chunked body that breaks off', async () => {
    stub.answer = (response, request) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":{}}', () => request.socket.end());
    };
    expect(await failureOf(send(clientOf()))).toEqual(httpError('connection closed'));
  });

  test('an answer that is not HTTP', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('220 mail.example ready\r\n\r\n'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      expect(await failureOf(send(clientOf({ url: `http://127.0.0.1:${port}/` })))).toEqual(
        httpError('the answer is not HTTP'),
      );
    } finally {
      server.close();
    }
  });

  test('headers that are too large', async () => {
    // undici's limit is the one of Node.js, 16 KiB
    stub.answer = { headers: { 'x-large': 'x'.repeat(20_000) }, body: '{"data":{}}' };
    expect(await failureOf(send(clientOf()))).toEqual(httpError('response headers too large'));
  });

  test('the next request is answered', async () => {
    const client = clientOf();
    stub.answer = 'reset';
    await failureOf(send(client));
    stub.answer = undefined;
    expect(await send(client)).toEqual({ data: { hello: 'hello' } });
  });
});

describe('subgraph client: the deadline', () => {
  /** A slow answer, and how long the client waited for it. */
  async function waited(answer: StubAnswer): Promise<{ failure: unknown; ms: number }> {
    stub.answer = answer;
    // long enough for a busy machine to bring the request to the subgraph
    const client = clientOf({ timeoutMs: 500 });
    const startedAt = performance.now();
    const failure = await failureOf(send(client));
    return { failure, ms: performance.now() - startedAt };
  }

  const slow: readonly [string, StubAnswer][] = [
    ['headers that never come', () => {}],
    [
      'a body that stalls',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"data":');
      },
    ],
    [
      // undici's own timers start anew with every byte
      'a body that drips',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(drip));
      },
    ],
    [
      'headers that drip',
      (response) => {
        response.socket?.write('HTTP/1.1 200 OK\r\nx: ');
        const drip = setInterval(() => response.socket?.write('x'), 10);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ];

  test.each(slow)('ends the wait for %s, and the connection', async (_what, answer) => {
    const { failure, ms } = await waited(answer);
    expect(failure).toEqual(timedOut);
    expect(await stub.requests[0]?.ended).toBe('closed');
    // ten times the deadline: a bound for a busy machine, far below undici's own timers
    expect(ms).toBeLessThan(5_000);
  });
});

describe('subgraph client: a client that goes away', () => {
  test('ends the request, and is not taken for a timeout', async () => {
    stub.answer = () => {};
    const gone = new Cancellation();
    const asked = stub.nextRequest();
    const sent = failureOf(send(clientOf(), gone));
    const { ended } = await asked;
    gone.cancel();
    expect([await sent, await ended]).toEqual([httpError('the client went away'), 'closed']);
  });

  test('leaves the connection to the next one, when the subgraph answers soon', async () => {
    const ports: (number | undefined)[] = [];
    // the second waits for the one connection
    const client = clientOf({ maxConnections: 1 });
    const gone = new Cancellation();
    stub.answer = (response, { socket }) => {
      ports.push(socket.remotePort);
      gone.cancel();
      response.setHeader('content-type', 'application/json').end('{"data":{"hello":"hi"}}');
    };
    const asked = stub.nextRequest();
    const failure = await failureOf(send(client, gone));
    expect([failure, await (await asked).ended]).toEqual([httpError('the client went away'), 'answered']);
    await send(client);
    expect(ports).toEqual([ports[0], ports[0]]);
  });

  test('sends nothing when it is gone already', async () => {
    const gone = new Cancellation();
    gone.cancel();
    const failure = await failureOf(send(clientOf(), gone));
    expect([failure, stub.requests]).toEqual([httpError('the client went away'), []]);
  });
});

describe('subgraph client: equal requests in flight', () => {
  const request = (more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
    body,
    headers: { authorization: 'a' },
    cancellation: new Cancellation(),
    isShareable: true,
    isRepeatable: true,
    ...more,
  });

  test('are sent once, and each has an answer of its own', async () => {
    const client = clientOf();
    const [one, other] = await Promise.all([client.send(request()), client.send(request())]);
    expect(stub.requests.length).toBe(1);
    expect(one).toEqual(other);
    expect(one.data).not.toBe(other.data);
  });

  test('are sent again when the answer is there', async () => {
    const client = clientOf();
    await client.send(request());
    await client.send(request());
    expect(stub.requests.length).toBe(2);
  });

  test.each<[string, Partial<SubgraphRequest>]>([
    ['another body', { body: '{"query":"{ b }"}' }],
    ['other credentials', { headers: { authorization: 'b' } }],
    ['one header more', { headers: { authorization: 'a', 'x-tenant': 't' } }],
    ['no leave to share', { isShareable: false }],
  ])('are not shared with one of %s', async (_what, more) => {
    const client = clientOf();
    await Promise.all([client.send(request()), client.send(request(more))]);
    expect(stub.requests.length).toBe(2);
  });

  test('go on when one of those who wait leaves, and end when all have left', async () => {
    const client = clientOf();
    stub.answer = () => {};
    const [first, second] = [new Cancellation(), new Cancellation()];
    const asked = stub.nextRequest();
    const sent = [
      failureOf(client.send(request({ cancellation: first }))),
      failureOf(client.send(request({ cancellation: second }))),
    ];
    const { ended } = await asked;
    first.cancel();
    second.cancel();
    const gone = httpError('the client went away');
    expect([await Promise.all(sent), await ended]).toEqual([[gone, gone], 'closed']);
    expect(stub.requests.length).toBe(1);
  });
});

/*
 * Source: RFC 9112, §9.3.1: a client may send a request once more when the connection was closed before any of the answer came,
 * if its method, or what is known of it, says that nothing is done twice.
 */
describe('subgraph client: a connection that closes while a request is on its way', () => {
  /** Answers the first request of each connection, and then as told. */
  async function answerFirst(end: (socket: Socket) => void): Promise<SubgraphSender> {
    const seen = new Set<Socket>();
    stub.answer = (response, { socket }) => {
      if (seen.has(socket)) {
        end(socket);
        return;
      }
      seen.add(socket);
      response.setHeader('content-type', 'application/json');
      response.end('{"data":{"hello":"hello"}}');
    };
    const client = clientOf({ maxConnections: 1 });
    await send(client);
    return client;
  }

  const sendAs = (client: SubgraphSender, isRepeatable: boolean): Promise<SubgraphResponse> =>
    client.send({
      body,
      headers: {},
      cancellation: new Cancellation(),
      isShareable: false,
      isRepeatable,
    });

  const ends: readonly [string, (socket: Socket) => void, string][] = [
    ['closed', (socket) => socket.destroy(), 'connection closed'],
    ['reset', (socket) => socket.resetAndDestroy(), 'connection reset'],
  ];

  test.each(ends)('is %s: a query is sent again, on a fresh one', async (_how, end) => {
    const client = await answerFirst(end);
    expect(await sendAs(client, true)).toEqual({ data: { hello: 'hello' } });
    expect(stub.requests.length).toBe(3);
  });

  test.each(ends)('is %s: a mutation is not', async (_how, end, reason) => {
    const client = await answerFirst(end);
    expect(await failureOf(sendAs(client, false))).toEqual(httpError(reason));
    expect(stub.requests.length).toBe(2);
  });

  test.each(ends)('is %s, and was fresh: a query is not', async (_how, end, reason) => {
    stub.answer = (_response, { socket }) => end(socket);
    expect(await failureOf(sendAs(clientOf(), true))).toEqual(httpError(reason));
    expect(stub.requests.length).toBe(1);
  });

  test('is closed in the midst of an answer: a query is not', async () => {
    const client = await answerFirst((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
      setImmediate(() => socket.destroy());
    });
    expect(await failureOf(sendAs(client, true))).toMatchObject({
      code: 'SUBREQUEST_HTTP_ERROR',
    });
    expect(stub.requests.length).toBe(2);
  });
});

describe('subgraph client: what clients may read', () => {
  const faults: readonly [string, StubAnswer][] = [
    ['reset', 'reset'],
    ['status', { status: 500, body: 'at /srv/app.js:1' }],
    ['html', { headers: { 'content-type': 'text/html' }, body: 'at /srv/app.js:1' }],
    ['redirect', { status: 302, headers: { location: 'http://10.0.0.1/' } }],
    ['timeout', () => {}],
  ];

  test.each(faults)('%s: neither host, port nor path, and nothing of the body', async (_what, answer) => {
    stub.answer = answer;
    const text = JSON.stringify(await failureOf(send(clientOf({ timeoutMs: 100 }))));
    for (const secret of [
      '127.0.0.1',
      stub.host.slice(stub.host.indexOf(':')),
      '/graphql',
      '/srv',
      '10.0.0.1',
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});
