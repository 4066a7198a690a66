import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/* What clients learn of the errors of subgraphs, by `include_subgraph_errors` and engine. */

let products: StubSubgraph;
beforeAll(async () => {
  products = await startStubSubgraph('products', 'type Query { top: String }');
});
afterAll(() => products?.close());

const reported = {
  message: 'row 7 of 10.0.0.7 is locked',
  path: ['top'],
  locations: [{ line: 1, column: 1 }],
  extensions: {
    code: 'LOCKED',
    reason: 'lock',
    service: 42,
    http: { status: 418, headers: { 'x-evil': '1' } },
    stacktrace: ['Error: x', '    at /srv/app/db.js:12:3'],
    exception: { sql: 'SELECT 1', stacktrace: [] },
    originalError: { message: 'kept', stack: 'Error: x\n    at /srv/app/db.js:12:3' },
  },
};

describe.each(['compiled', 'apollo'])('errors of subgraphs: engine %s', (engine) => {
  let gateway: GatewayUnderTest | undefined;
  afterEach(async () => {
    products.answer = undefined;
    await gateway?.stop();
    gateway = undefined;
  });

  async function answerWith(exposure: unknown, env: Record<string, string> = {}): Promise<unknown> {
    gateway = await startGateway({
      subgraphs: [products],
      settings: { engine, ...(exposure === undefined ? {} : { include_subgraph_errors: exposure }) },
      env,
    });
    const response = await gateway.ask({ query: '{ top }' });
    const { data, errors } = (await response.json()) as { data: unknown; errors: readonly unknown[] };
    return { status: response.status, header: response.headers.get('x-evil'), data, error: errors[0] };
  }

  const answer = (error: unknown) => ({ status: 200, header: null, data: { top: null }, error });

  test('in production nothing but the path and a code of the gateway', async () => {
    products.answer = { body: JSON.stringify({ data: { top: null }, errors: [reported] }) };
    expect(await answerWith(undefined, { NODE_ENV: 'production' })).toEqual(
      answer({
        message: 'Subgraph errors redacted',
        path: ['top'],
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
      }),
    );
  });

  test('shown, without stack traces and what would change the answer of the gateway', async () => {
    products.answer = { body: JSON.stringify({ data: { top: null }, errors: [reported] }) };
    expect(await answerWith({ all: true })).toEqual(
      answer({
        message: 'row 7 of 10.0.0.7 is locked',
        path: ['top'],
        extensions: {
          code: 'LOCKED',
          reason: 'lock',
          originalError: { message: 'kept' },
          service: 'products',
        },
      }),
    );
  });

  test('by an allow list: a code that is not on it becomes one of the gateway', async () => {
    products.answer = { body: JSON.stringify({ data: { top: null }, errors: [reported] }) };
    const all = { redact_message: true, allow_extensions_keys: ['reason', 'http'] };
    expect(await answerWith({ all })).toEqual(
      answer({
        message: 'Subgraph errors redacted',
        path: ['top'],
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', reason: 'lock' },
      }),
    );
  });

  test('by a deny list of its own', async () => {
    products.answer = { body: JSON.stringify({ data: { top: null }, errors: [reported] }) };
    const exposure = {
      all: { redact_message: true, deny_extensions_keys: ['code', 'reason', 'originalError'] },
      subgraphs: {
        products: {
          redact_message: false,
          deny_extensions_keys: ['service'],
          exclude_global_keys: ['code'],
        },
      },
    };
    expect(await answerWith(exposure)).toEqual(
      answer({
        message: 'row 7 of 10.0.0.7 is locked',
        path: ['top'],
        extensions: { code: 'LOCKED' },
      }),
    );
  });

  test('of the gateway about a subgraph: its codes stay, the rest goes by the lists', async () => {
    products.answer = { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>10.0.0.7</h1>' };
    const all = { redact_message: true, allow_extensions_keys: ['http', 'service'] };
    expect(await answerWith({ all })).toEqual(
      answer({
        message: 'Subgraph errors redacted',
        // the stock gateway says of no failed fetch where its data would stand
        ...(engine === 'compiled' ? { path: ['top'] } : {}),
        extensions: { code: 'SUBREQUEST_HTTP_ERROR', service: 'products', http: { status: 503 } },
      }),
    );
  });
});
