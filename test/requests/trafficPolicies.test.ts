import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* What clients read, and subgraphs are asked, where a subgraph fails or hangs and a policy of its traffic is on. */

let well: StubSubgraph;
let ill: StubSubgraph;
let gateway: GatewayUnderTest | undefined;

beforeAll(async () => {
  [well, ill] = await Promise.all([
    startStubSubgraph('well', 'type Query { well: Int }', { Query: { well: () => 1 } }),
    startStubSubgraph('ill', 'type Query { ill(n: Int): Int } type Mutation { change: Int }', {
      Query: { ill: () => 2 },
      Mutation: { change: () => 3 },
    }),
  ]);
});

afterEach(async () => {
  ill.answer = undefined;
  await gateway?.stop();
  gateway = undefined;
});

afterAll(async () => {
  await Promise.all([well?.close(), ill?.close()]);
});

async function start(traffic: unknown, engine = 'compiled'): Promise<GatewayUnderTest> {
  gateway = await startGateway({
    subgraphs: [well, ill],
    settings: { engine, traffic_shaping: { subgraphs: { ill: traffic } } },
  });
  return gateway;
}

const query = { query: '{ well ill }' };
const failing = { status: 500, headers: { 'content-type': 'text/plain' }, body: 'no' };

describe.each(['compiled', 'apollo'])('circuit breaker, engine %s', (engine) => {
  const path = engine === 'compiled' ? { path: ['ill'] } : {};

  test('opens, answers with the data of the others, and lets requests through again', async () => {
    const running = await start(
      {
        circuit_breaker: {
          enabled: true,
          request_threshold: 3,
          sleep_window_ms: 50,
          required_successful: 1,
        },
      },
      engine,
    );
    ill.answer = failing;
    for (let count = 0; count < 3; count += 1) await running.answerTo(query);
    const asked = ill.requests.length;
    expect([await running.answerTo(query), ill.requests.length - asked]).toEqual([
      {
        data: { well: 1, ill: null },
        errors: [
          {
            message: "No request sent to 'ill': its circuit breaker is open",
            ...path,
            extensions: {
              code: 'SUBGRAPH_CIRCUIT_BREAKER_REJECTED',
              service: 'ill',
              reason: 'its circuit breaker is open',
            },
          },
        ],
      },
      0,
    ]);
    ill.answer = undefined;
    let answer = (await running.answerTo(query)) as { errors?: unknown };
    while (answer.errors !== undefined) answer = (await running.answerTo(query)) as { errors?: unknown };
    expect(answer).toEqual({ data: { well: 1, ill: 2 } });
  });
});

describe('circuit breaker', () => {
  test('is not opened by clients that go away', async () => {
    const running = await start({ circuit_breaker: { enabled: true, request_threshold: 1 } });
    ill.answer = { after: new Promise(() => {}) };
    for (let count = 0; count < 3; count += 1) {
      const leaving = new AbortController();
      const arrived = ill.nextRequest();
      const answer = fetch(`${running.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(query),
        signal: leaving.signal,
      }).catch((error: Error) => error.name);
      const { ended } = await arrived;
      leaving.abort();
      expect([await answer, await ended]).toEqual(['AbortError', 'closed']);
    }
    ill.answer = undefined;
    expect(await running.answerTo(query)).toEqual({ data: { well: 1, ill: 2 } });
  });
});

describe('circuit breaker: a swap of the supergraph', () => {
  test('leaves it open', async () => {
    const config = [well, ill]
      .map(({ name, url }) => `  ${name}:\n    schema:\n      subgraph_url: ${url}\n`)
      .join('');
    const running = await startGateway({
      files: { 'supergraph.yaml': `subgraphs:\n${config}` },
      settings: {
        engine: 'compiled',
        supergraph: { poll_interval_ms: 50 },
        traffic_shaping: { all: { circuit_breaker: { enabled: true, request_threshold: 1 } } },
      },
    });
    gateway = running;
    ill.answer = failing;
    await running.answerTo(query);
    ill.answer = undefined;
    well.setSchema('type Query { well: Int more: Int }', { Query: { well: () => 1, more: () => 4 } });
    let more = await running.answerTo({ query: '{ more }' });
    while ('errors' in (more as object)) more = await running.answerTo({ query: '{ more }' });
    expect([more, await running.answerTo(query)]).toMatchObject([
      { data: { more: 4 } },
      {
        data: { well: 1, ill: null },
        errors: [{ extensions: { code: 'SUBGRAPH_CIRCUIT_BREAKER_REJECTED' } }],
      },
    ]);
  });
});

describe('concurrency limit', () => {
  test('refuses at once what does not fit, with the data of the others and status 200', async () => {
    const running = await start({ concurrency: { max: 1, max_queue: 0 } });
    let letAnswer = (): void => {};
    ill.answer = {
      body: '{"data":{"ill":2}}',
      after: new Promise<void>((resolve) => {
        letAnswer = resolve;
      }),
    };
    const arrived = ill.nextRequest();
    const first = running.answerTo(query);
    await arrived;
    const response = await running.ask({ query: '{ well ill(n: 1) }' });
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        data: { well: 1, ill: null },
        errors: [
          {
            message: "No request sent to 'ill': too many requests are in flight",
            path: ['ill'],
            extensions: {
              code: 'REQUEST_CONCURRENCY_LIMITED',
              service: 'ill',
              reason: 'too many requests are in flight',
            },
          },
        ],
      },
    ]);
    letAnswer();
    expect(await first).toEqual({ data: { well: 1, ill: 2 } });
  });

  test('lets mutations wait for their turn like queries', async () => {
    const running = await start({ concurrency: { max: 1, max_queue: 10 } });
    const mutation = { query: 'mutation { change }' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => running.answerTo(mutation)));
    expect(answers).toEqual(Array(5).fill({ data: { change: 3 } }));
  });
});

describe.each(['compiled', 'apollo'])('retries, engine %s', (engine) => {
  const retry = { enabled: true, interval_ms: 1 };
  /** Answers so many requests with a 503, and the rest by the schema. */
  const failFirst = (count: number): void => {
    const answered = ill.requests.length + count;
    ill.answer = (response) => {
      if (ill.requests.length >= answered) ill.answer = undefined;
      response.writeHead(503, { 'content-type': 'text/plain' }).end('no');
    };
  };

  test('answer a query as if nothing had been', async () => {
    const running = await start({ retry }, engine);
    const asked = ill.requests.length;
    failFirst(2);
    expect([await running.answerTo(query), ill.requests.length - asked]).toEqual([
      { data: { well: 1, ill: 2 } },
      3,
    ]);
  });

  test('end with the last answer, told once', async () => {
    const running = await start({ retry }, engine);
    const asked = ill.requests.length;
    failFirst(9);
    const { errors } = (await running.answerTo(query)) as { errors: readonly { message: string }[] };
    expect([errors.map(({ message }) => message), ill.requests.length - asked]).toEqual([
      ["HTTP fetch failed from 'ill': HTTP status 503"],
      3,
    ]);
  });

  test('are never made of a mutation', async () => {
    const running = await start({ retry }, engine);
    const asked = ill.requests.length;
    failFirst(1);
    await running.answerTo({ query: 'mutation { change }' });
    expect(ill.requests.length - asked).toBe(1);
  });
});

describe('retries', () => {
  test('wait for an answer in the time of each try', async () => {
    const running = await start({
      timeout_ms: 100,
      total_timeout_ms: 20_000,
      retry: { enabled: true, interval_ms: 1 },
    });
    let silent = 2;
    ill.answer = (response) => {
      silent -= 1;
      if (silent >= 0) return;
      response.setHeader('content-type', 'application/json').end('{"data":{"ill":2}}');
    };
    expect(await running.answerTo(query)).toEqual({ data: { well: 1, ill: 2 } });
  });

  test('end when a circuit breaker opens', async () => {
    const running = await start({
      retry: { enabled: true, interval_ms: 1, max_attempts: 10 },
      circuit_breaker: { enabled: true, request_threshold: 4 },
    });
    ill.answer = failing;
    const asked = ill.requests.length;
    const { errors } = (await running.answerTo(query)) as { errors: readonly { message: string }[] };
    expect([errors.map(({ message }) => message), ill.requests.length - asked]).toEqual([
      ["HTTP fetch failed from 'ill': HTTP status 500"],
      4,
    ]);
  });
});

describe('hedging', () => {
  test('answers a slow query by a second one, and ends the first', async () => {
    const running = await start({
      deduplicate_query: false,
      hedging: { enabled: true, min_ms: 1, budget_percent: 100 },
    });
    // so many answers make an estimate
    await Promise.all(Array.from({ length: 100 }, () => running.answerTo(query)));
    let isFirst = true;
    ill.answer = (response) => {
      if (!isFirst) response.setHeader('content-type', 'application/json').end('{"data":{"ill":3}}');
      isFirst = false;
    };
    const arrived = ill.nextRequest();
    const answer = running.answerTo(query);
    const { ended } = await arrived;
    expect([await answer, await ended]).toEqual([{ data: { well: 1, ill: 3 } }, 'closed']);
  });
});

describe('deadline header', () => {
  test('tells what is left, and not what the client says', async () => {
    const running = await startGateway({
      subgraphs: [well, ill],
      settings: {
        headers: { all: { request: [{ propagate: { named: 'x-left-ms' } }] } },
        traffic_shaping: { subgraphs: { ill: { timeout_ms: 3_000, deadline_header: 'X-Left-Ms' } } },
      },
    });
    gateway = running;
    await running.answerTo(query, { 'x-left-ms': '1' });
    const left = Number(ill.requests.at(-1)?.headers['x-left-ms']);
    expect([left > 2_000, left <= 3_000, well.requests.at(-1)?.headers['x-left-ms']]).toEqual([
      true,
      true,
      // it has no such header of its own, and a rule sends on what the client says
      '1',
    ]);
  });
});
