import { request as httpRequest } from 'node:http';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* Compression by node:zlib on the other side: between clients and gateway, and between gateway and subgraphs. */

let words: StubSubgraph;
let gateway: GatewayUnderTest | undefined;
const text = 'word '.repeat(2_000);

beforeAll(async () => {
  words = await startStubSubgraph('words', 'type Query { text(like: String): String short: String }');
});
afterEach(async () => {
  words.answer = undefined;
  await gateway?.stop();
  gateway = undefined;
});
afterAll(() => words?.close());

async function start(settings: Readonly<Record<string, unknown>>): Promise<number> {
  gateway = await startGateway({ subgraphs: [words], settings });
  return gateway.port;
}

interface Answer {
  readonly encoding: string | undefined;
  readonly vary: string | undefined;
  readonly length: number;
  readonly body: unknown;
}

/** Without the inflating that `fetch` does. */
async function ask(port: number, query: string, accept?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      {
        port,
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(accept && { 'accept-encoding': accept }) },
      },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const bytes = Buffer.concat(chunks);
        const encoding = response.headers['content-encoding'];
        const plain =
          encoding === 'br' ? brotliDecompressSync(bytes) : encoding === 'gzip' ? gunzipSync(bytes) : bytes;
        expect(response.headers['content-length']).toBe(String(bytes.length));
        resolve({
          encoding,
          vary: response.headers.vary,
          length: bytes.length,
          body: JSON.parse(plain.toString()),
        });
      },
    );
    asked.on('error', reject).end(JSON.stringify({ query }));
  });
}

const json = { 'content-type': 'application/json' };
const sends = (body: Buffer | string, encoding: string | string[]): StubSubgraph['answer'] => {
  return (response) => {
    response.setHeader('content-encoding', encoding).writeHead(200, json).end(body);
  };
};
const answer = JSON.stringify({ data: { text } });

describe('compression: answers to clients', () => {
  beforeAll(() =>
    words.setSchema('type Query { text(like: String): String short: String }', {
      Query: { text: () => text, short: () => 'a' },
    }),
  );

  test('a long one is sent in the coding that the client likes best', async () => {
    const port = await start({ compression: { enabled: true } });
    for (const [accept, encoding] of [
      ['gzip', 'gzip'],
      ['gzip, br', 'br'],
      [undefined, undefined],
    ] as const) {
      const got = await ask(port, '{ text }', accept);
      expect([got.encoding, got.vary, got.body]).toEqual([encoding, 'accept-encoding', { data: { text } }]);
      expect(got.length < 500).toBe(encoding !== undefined);
    }
  });

  test('a short one, and every one where it is off, is sent as it is', async () => {
    let port = await start({ compression: { enabled: true } });
    const short = await ask(port, '{ short }', 'gzip');
    expect([short.encoding, short.vary, short.body]).toEqual([
      undefined,
      'accept-encoding',
      { data: { short: 'a' } },
    ]);
    await gateway?.stop();
    port = await start({});
    const off = await ask(port, '{ text }', 'gzip');
    expect([off.encoding, off.vary]).toEqual([undefined, undefined]);
  });
});

describe.each(['compiled', 'apollo'])('compression: answers of subgraphs, engine %s', (engine) => {
  const accept = (...codings: string[]) => ({
    engine,
    traffic_shaping: { all: { compression: { accept: codings }, max_response_bytes: 100_000 } },
  });
  const failed = (reason: string) => ({
    data: { text: null },
    errors: [expect.objectContaining({ extensions: expect.objectContaining({ reason }) })],
  });

  test('what was asked for is inflated', async () => {
    const port = await start(accept('br', 'gzip'));
    words.answer = sends(gzipSync(answer), 'gzip');
    expect((await ask(port, '{ text }')).body).toEqual({ data: { text } });
    expect(words.requests.at(-1)?.headers['accept-encoding']).toBe('br, gzip');
    words.answer = sends(brotliCompressSync(answer), 'BR');
    expect((await ask(port, '{ text }')).body).toEqual({ data: { text } });
  });

  test('what was not, what is cut short, and what inflates to too much, is no answer', async () => {
    const port = await start(accept('gzip'));
    for (const [body, encoding, reason] of [
      [brotliCompressSync(answer), 'br', 'the body is not JSON'],
      [gzipSync(gzipSync(answer)), 'gzip, gzip', 'the body is not JSON'],
      [gzipSync(answer).subarray(0, 50), 'gzip', 'the body is not JSON'],
      [answer, 'gzip', 'the body is not JSON'],
      [gzipSync(answer), ['gzip', 'gzip'], 'the body is not JSON'],
      [gzipSync(Buffer.alloc(5_000_000, ' ')), 'gzip', 'the answer is larger than 100000 bytes'],
    ] as [Buffer | string, string | string[], string][]) {
      words.answer = sends(body, encoding);
      expect((await ask(port, '{ text }')).body).toEqual(failed(reason));
    }
  });

  test('a long request is sent in gzip, and a short one as it is', async () => {
    const port = await start({
      engine,
      traffic_shaping: { all: { compression: { request_min_bytes: 1_000 } } },
    });
    const encodings: string[] = [];
    words.answer = (response, request) => {
      encodings.push(String(request.headers['content-encoding']));
      response.writeHead(200, json).end(answer);
    };
    await ask(port, '{ text }');
    const long = `{ text(like: "${'a'.repeat(1_000)}") }`;
    expect((await ask(port, long)).body).toEqual({ data: { text } });
    expect(words.requests.at(-1)?.query).toContain('a'.repeat(1_000));
    expect(encodings).toEqual(['undefined', 'gzip']);
  });

  test('its length is that of its bytes', async () => {
    const port = await start({
      engine,
      traffic_shaping: { all: { compression: { request_min_bytes: 1_000 } } },
    });
    let sent: unknown;
    words.answer = (response, { headers }) => {
      sent = headers['content-encoding'];
      response.writeHead(200, json).end(answer);
    };
    // fewer than a thousand characters, two bytes each
    await ask(port, `{ text(like: "${'é'.repeat(800)}") }`);
    expect(sent).toBe('gzip');
  });
});
