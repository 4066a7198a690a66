import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type SubgraphServer, serveSubgraph } from '../../../subgraphs/host/server.ts';
import { readSettings } from '../../../subgraphs/host/settings.ts';
import { type OpenedSubgraph, openSubgraph } from '../../../subgraphs/host/subgraph.ts';
import type { ProductsContext } from '../../../subgraphs/products/loaders.ts';
import type { ProductsTables } from '../../../subgraphs/products/records.ts';
import { products } from '../../../subgraphs/products/subgraph.ts';
import { principalHeaders, principalSecret } from '../principalHeaders.ts';

describe('subgraph server', () => {
  let server: SubgraphServer | undefined;
  let opened: OpenedSubgraph<ProductsTables, ProductsContext> | undefined;
  const log = pino({ level: 'silent' });

  const start = async (environment: Readonly<Record<string, string>> = {}) => {
    const settings = readSettings(products, { DATABASE_URL: 'file::memory:', PORT: '0', ...environment });
    opened = await openSubgraph(products, { settings, environment, log });
    server = await serveSubgraph(opened, settings, log);
    return { db: opened.db, url: server.url };
  };
  afterEach(async () => {
    await server?.close();
    await opened?.close();
  });

  const post = async (url: string, body: string, type = 'application/json') => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const ask = (url: string, query: string) => post(url, JSON.stringify({ query }));

  test('a database error is masked', async () => {
    const { db, url } = await start();
    await db.schema.dropTable('product_tags').execute();
    const { body } = await ask(url, '{ product(id: "p-0001") { tags } }');
    expect(body).toEqual({
      data: { product: null },
      errors: [
        {
          message: 'Internal server error',
          locations: [{ line: 1, column: 27 }],
          path: ['product', 'tags'],
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        },
      ],
    });
  });

  test('a page that is too large is bad input, without a stack trace', async () => {
    const { url } = await start();
    const { body } = await ask(url, '{ products(first: 101) { totalCount } }');
    expect(body.errors).toEqual([
      {
        message: '`first` must be between 0 and 100, not 101.',
        locations: [{ line: 1, column: 3 }],
        path: ['products'],
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
  });

  test('a principal header that is not valid refuses the whole request with 401', async () => {
    const { url } = await start({ PRINCIPAL_SECRET: principalSecret });
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...principalHeaders({ aud: 'products' }, 'some other secret of more than 32 bytes'),
      },
      body: JSON.stringify({ query: '{ products(first: 1) { totalCount } }' }),
    });
    expect([response.status, await response.json()]).toEqual([
      401,
      {
        errors: [
          {
            message: 'The header x-tributary-principal is signed with another secret.',
            extensions: { code: 'UNAUTHENTICATED' },
          },
        ],
      },
    ]);
  });

  test('production refuses introspection, but answers `_service`', async () => {
    const { url } = await start({ NODE_ENV: 'production', PRINCIPAL_SECRET: principalSecret });
    const introspection = await ask(url, '{ __schema { types { name } } }');
    const service = await ask(url, '{ _service { sdl } }');
    expect(introspection.status).toBe(400);
    expect(JSON.stringify(service.body)).toContain('type Product implements CatalogueEntry');
  });

  test('production writes no example rows, and names no field that was nearly right', async () => {
    const { url } = await start({ NODE_ENV: 'production', PRINCIPAL_SECRET: principalSecret });
    const { body } = await ask(url, '{ products { totalCount } }');
    const wrong = await ask(url, '{ produts { totalCount } }');
    expect(body).toEqual({ data: { products: { totalCount: 0 } } });
    expect(JSON.stringify(wrong.body)).not.toContain('Did you mean');
  });

  test('health is UP while the database answers and DOWN when it does not', async () => {
    const { db, url } = await start();
    const health = async () => {
      const response = await fetch(new URL('/health', url));
      return { status: response.status, body: await response.json() };
    };
    const up = await health();
    await db.destroy();
    expect([up, await health()]).toEqual([
      { status: 200, body: { status: 'UP' } },
      { status: 503, body: { status: 'DOWN' } },
    ]);
  });

  test.each([
    ['a body that is no JSON', '{', 'application/json', 400],
    ['a form, which a foreign page could send', 'query={__typename}', 'text/plain', 400],
    ['a body above 4 MiB', `{"query":"${'x'.repeat(4 * 1024 * 1024)}"}`, 'application/json', 413],
  ])('%s is refused', async (_what, body, type, status) => {
    const { url } = await start();
    const answer = await post(url, body, type);
    expect([answer.status, Array.isArray(answer.body.errors)]).toEqual([status, true]);
  });
});
