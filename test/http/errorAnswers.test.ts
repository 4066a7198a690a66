import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rawExchange } from '../support/rawExchange.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/*
 * Refusals before GraphQL. Statuses: GraphQL over HTTP (draft of August 2026) and RFC 9110 §15.5; codes: the table in
 * `gateway/errors.ts`.
 */

let subgraph: StubSubgraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  subgraph = await startStubSubgraph('greeter', 'type Query { hello: String }', {
    Query: { hello: () => 'hello' },
  });
  gateway = await startGateway({
    subgraphs: [subgraph],
    settings: {
      limits: {
        max_body_bytes: 10_000,
        max_header_bytes: 8_000,
        headers_timeout_ms: 100,
        request_timeout_ms: 200,
      },
    },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await subgraph?.close();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

async function send({ method = 'POST', path = '/graphql', headers = {}, body }: Sent): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** The parts of an answer that a refusal decides. */
async function refusal(response: Response): Promise<unknown> {
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: await response.json(),
  };
}

function jsonRefusal(status: number, code: string, message: string): unknown {
  return {
    status,
    type: 'application/json; charset=utf-8',
    body: { errors: [{ message, extensions: { code } }] },
  };
}

const json = { 'content-type': 'application/json' };
const query = '{"query":"{ hello }"}';
const blocked = (type: string): string =>
  `This operation has been blocked as a potential Cross-Site Request Forgery: send \`content-type: application/json\`, not ${type}.`;

describe('http: refused bodies', () => {
  test('malformed JSON is a 400', async () => {
    expect(await refusal(await send({ headers: json, body: '{"query":' }))).toEqual(
      jsonRefusal(400, 'BAD_REQUEST', 'The body is not valid JSON.'),
    );
  });

  test('invalid UTF-8 is a 400', async () => {
    // 0xC3 0x28 is no UTF-8 sequence: the second byte does not continue the first
    const body = Buffer.concat([
      Buffer.from('{"query":"{ hello }","x":"'),
      Buffer.from([0xc3, 0x28, 0x22, 0x7d]),
    ]);
    expect(await refusal(await send({ headers: json, body }))).toEqual(
      jsonRefusal(400, 'BAD_REQUEST', 'The body is not valid UTF-8.'),
    );
  });

  test.each(['null', '"text"', '7', '{}', ''])('the body %j is a 400', async (body) => {
    expect(await refusal(await send({ headers: json, body }))).toEqual(
      jsonRefusal(400, 'BAD_REQUEST', 'POST body missing, invalid Content-Type, or JSON object has no keys.'),
    );
  });

  test('a list is a 400 where batching is off', async () => {
    expect(await refusal(await send({ headers: json, body: `[${query}]` }))).toEqual(
      jsonRefusal(400, 'BATCHING_NOT_ENABLED', 'Operation batching is not enabled.'),
    );
  });

  // Source: Fetch standard, "CORS-safelisted request-header": a browser sends these without asking first.
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    '%s is refused by the CSRF rule',
    async (type) => {
      const headers = { 'content-type': `${type}; boundary=x` };
      expect(await refusal(await send({ headers, body: query }))).toEqual(
        jsonRefusal(400, 'BAD_REQUEST', blocked(type)),
      );
    },
  );

  test('a body without a type is refused by the CSRF rule', async () => {
    expect(await refusal(await send({ body: Buffer.from(query) }))).toEqual(
      jsonRefusal(400, 'BAD_REQUEST', blocked('none')),
    );
  });

  test('neither a body nor a type is refused by the CSRF rule', async () => {
    const response = await send({});
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        errors: [
          {
            message: expect.stringContaining('potential Cross-Site Request Forgery'),
            extensions: { code: 'BAD_REQUEST' },
          },
        ],
      },
    ]);
  });

  test.each(['application/xml', 'application/graphql', 'application/jsonp'])('%s is a 415', async (type) => {
    expect(await refusal(await send({ headers: { 'content-type': type }, body: query }))).toEqual(
      jsonRefusal(
        415,
        'INVALID_CONTENT_TYPE_HEADER',
        `The content type must be application/json, not ${type}.`,
      ),
    );
  });

  test.each(['garbage', 'text/plain, application/json'])('%s, no media type, is a 415', async (type) => {
    expect(await refusal(await send({ headers: { 'content-type': type }, body: query }))).toEqual(
      jsonRefusal(
        415,
        'INVALID_CONTENT_TYPE_HEADER',
        'The content type, charset or encoding is not supported.',
      ),
    );
  });

  test.each(['utf-7', 'utf-16', '"iso-8859-1"'])('the charset %s is a 415', async (charset) => {
    const headers = { 'content-type': `application/json; charset=${charset}` };
    expect(await refusal(await send({ headers, body: query }))).toEqual(
      jsonRefusal(415, 'INVALID_CONTENT_TYPE_HEADER', 'The charset must be utf-8.'),
    );
  });

  test.each(['application/json; charset=UTF-8', 'Application/JSON', 'application/vnd.api+json'])(
    '%s is read',
    async (type) => {
      const response = await send({ headers: { 'content-type': type }, body: query });
      expect([response.status, await response.json()]).toEqual([200, { data: { hello: 'hello' } }]);
    },
  );

  test.each(['gzip', 'br', 'gzip, gzip'])('the content encoding %s is a 415', async (encoding) => {
    expect(
      await refusal(await send({ headers: { ...json, 'content-encoding': encoding }, body: query })),
    ).toEqual(jsonRefusal(415, 'INVALID_CONTENT_TYPE_HEADER', 'Compressed bodies are not accepted.'));
  });
});

describe('http: refused sizes and times', () => {
  const tooLarge =
    '{"errors":[{"message":"The body is larger than `limits.max_body_bytes`.","extensions":{"code":"REQUEST_TOO_LARGE"}}]}';

  test('a body that is announced too large is a 413 before it arrives', async () => {
    const answer = await rawExchange({
      port: gateway.port,
      text: 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10001\r\n\r\n',
    });
    expect([answer.status, answer.headers.connection, answer.body]).toEqual([413, 'close', tooLarge]);
  });

  test('a chunked body that never ends is a 413 before its end, and the connection is closed', async () => {
    const answer = await rawExchange({
      port: gateway.port,
      text: 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
      repeat: `400\r\n${'x'.repeat(0x400)}\r\n`,
    });
    expect([answer.status, answer.headers.connection, answer.body]).toEqual([413, 'close', tooLarge]);
  });

  test('a body of a refused type that never ends is refused before its end, and the connection is closed', async () => {
    const answer = await rawExchange({
      port: gateway.port,
      text: 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n',
      repeat: `400\r\n${'x'.repeat(0x400)}\r\n`,
    });
    expect([answer.status, answer.headers.connection, JSON.parse(answer.body)]).toEqual([
      400,
      'close',
      { errors: [{ message: blocked('text/plain'), extensions: { code: 'BAD_REQUEST' } }] },
    ]);
  });

  test('a body of the allowed size is read', async () => {
    const body = query.padEnd(10_000);
    const response = await send({ headers: json, body });
    expect([response.status, await response.json()]).toEqual([200, { data: { hello: 'hello' } }]);
  });

  const parserRefusals = [
    {
      what: 'headers that are too large',
      text: `GET /graphql HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(8_000)}\r\n\r\n`,
      status: 431,
      code: 'REQUEST_HEADERS_TOO_LARGE',
      message: 'The headers are larger than `limits.max_header_bytes`.',
    },
    {
      what: 'a request line that is too long',
      text: `GET /graphql?query=${'a'.repeat(8_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      status: 431,
      code: 'REQUEST_HEADERS_TOO_LARGE',
      message: 'The headers are larger than `limits.max_header_bytes`.',
    },
    {
      what: 'what is not HTTP',
      text: 'hello gateway\r\n\r\n',
      status: 400,
      code: 'BAD_REQUEST',
      message: 'The request is not a well-formed GraphQL request.',
    },
    {
      // Source: RFC 9112 §6.1: request smuggling
      what: 'a length beside chunks',
      text: 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      status: 400,
      code: 'BAD_REQUEST',
      message: 'The request is not a well-formed GraphQL request.',
    },
    {
      what: 'headers that do not arrive in time',
      text: 'POST /graphql HTTP/1.1\r\nhost: x\r\n',
      status: 408,
      code: 'REQUEST_TIMEOUT',
      message: 'The request did not arrive completely in time.',
    },
    {
      what: 'a body that does not arrive in time',
      text: 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
      status: 408,
      code: 'REQUEST_TIMEOUT',
      message: 'The request did not arrive completely in time.',
    },
  ];

  test.each(parserRefusals)('$what: $status, as JSON', async ({ text, status, code, message }) => {
    const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
    expect(await rawExchange({ port: gateway.port, text })).toEqual({
      status,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': `${body.length}`,
        connection: 'close',
      },
      body,
    });
  });

  test('a request without a Host header is a 400, as JSON', async () => {
    const answer = await rawExchange({
      port: gateway.port,
      text: 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n',
    });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      {
        errors: [
          {
            message: 'The request is not a well-formed GraphQL request.',
            extensions: { code: 'BAD_REQUEST' },
          },
        ],
      },
    ]);
  });
});

describe('http: refused paths and methods', () => {
  test.each(['/nothing', '/graphql/', '/graphql/x', '/.env'])('%s is a 404', async (path) => {
    expect(await refusal(await send({ method: 'GET', path: `${path}?secret=1` }))).toEqual(
      jsonRefusal(404, 'NOT_FOUND', `Nothing is served at ${path}.`),
    );
  });

  test('a path that is not percent-encoded UTF-8 is a 400', async () => {
    expect(await refusal(await send({ method: 'GET', path: '/%E0%A4%A' }))).toEqual(
      jsonRefusal(400, 'BAD_REQUEST', 'The request is not a well-formed GraphQL request.'),
    );
  });

  test.each(['DELETE', 'PATCH', 'PUT', 'OPTIONS'])('%s is a 405 that lists the methods', async (method) => {
    const response = await send({ method });
    expect(response.headers.get('allow')).toBe('GET, POST');
    expect(await refusal(response)).toEqual(
      jsonRefusal(405, 'METHOD_NOT_ALLOWED', '/graphql answers GET and POST.'),
    );
  });

  test('TRACE is a 405 and echoes nothing', async () => {
    const answer = await rawExchange({
      port: gateway.port,
      text: 'TRACE /graphql HTTP/1.1\r\nhost: x\r\ncookie: secret\r\nconnection: close\r\n\r\n',
    });
    expect([answer.status, answer.headers.allow, JSON.parse(answer.body)]).toEqual([
      405,
      'GET, POST',
      { errors: [{ message: '/graphql answers GET and POST.', extensions: { code: 'METHOD_NOT_ALLOWED' } }] },
    ]);
  });

  test('HEAD is a 405 without a body', async () => {
    const response = await send({ method: 'HEAD' });
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([
      405,
      'GET, POST',
      '',
    ]);
  });

  test('refusals are neither stored nor read as another type', async () => {
    const { headers } = await send({ method: 'GET', path: '/nothing' });
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
      'no-store',
      'nosniff',
    ]);
  });
});

describe('http: refused content negotiation', () => {
  test('an Accept header of HTML alone is a 406', async () => {
    expect(await refusal(await send({ headers: { ...json, accept: 'text/html' }, body: query }))).toEqual(
      jsonRefusal(
        406,
        'INVALID_ACCEPT_HEADER',
        "An 'accept' header was provided for this request which does not accept application/json; charset=utf-8 or application/graphql-response+json; charset=utf-8",
      ),
    );
  });

  test.each([
    ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    ['text/html, */*;q=0.1', 'application/json; charset=utf-8'],
  ])('Accept: %s is answered with %s', async (accept, type) => {
    const response = await send({ headers: { ...json, accept }, body: query });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
  });
});
