import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { parse } from 'yaml';
import { describeInChromium, runQueryInGraphiql } from '../support/chromium.ts';
import { type ExampleGraph, startExampleGraph } from '../support/exampleGraph.ts';
import { isFree } from '../support/freePorts.ts';

// The graph that `npm start` runs, as real processes. Expected values are what the subgraphs answer when they are asked
// past the gateway, with entities looked up one by one.

const sample = (
  parse(readFileSync(path.resolve(import.meta.dirname, '../../gateway.yaml'), 'utf8')) as {
    explorer: { document: string };
  }
).explorer.document;

let graph: ExampleGraph;
beforeAll(async () => {
  graph = await startExampleGraph();
}, 60_000);
afterAll(async () => {
  if (graph.process.exitCode === null) await graph.end();
}, 20_000);

/** The fields of one entity, asked of the subgraph that owns them. */
async function entity(
  subgraph: 'accounts' | 'products' | 'inventory' | 'reviews' | 'ai',
  representation: object,
  fields: string,
) {
  const { __typename } = representation as { __typename: string };
  const { data, errors } = await graph.askSubgraph(
    subgraph,
    `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${__typename} { ${fields} } } }`,
    { variables: { of: [representation] } },
  );
  expect(errors).toBeUndefined();
  return data._entities[0];
}

interface ReviewNode {
  readonly author: { readonly id: string };
  readonly title: string;
  readonly body: string;
}

async function answered(query: string, options?: Parameters<ExampleGraph['ask']>[1]) {
  const { data, errors } = await graph.ask(query, options);
  expect(errors).toBeUndefined();
  return data;
}

async function tokenOf(username: string): Promise<string> {
  const data = await answered(
    'mutation ($u: String!) { signIn(username: $u, password: "tributary") { ... on SignedIn { token } } }',
    { variables: { u: username } },
  );
  return data.signIn.token;
}

describe('requests: the example graph', () => {
  test('says where to look and what to ask once a federated query has succeeded', () => {
    const output = graph.output();

    expect(output).toContain(`${graph.gatewayUrl}/\n`);
    expect(output).toContain(`${graph.gatewayUrl}/graphiql`);
    expect(output).toContain('query Newcomer');
  });

  test('answers the sample query from all five subgraphs', async () => {
    const data = await answered(sample);
    const top = (await graph.askSubgraph('products', '{ topProducts(first: 3) { id name price currency } }'))
      .data.topProducts;
    const expected = await Promise.all(
      top.map(async ({ id, ...own }: { id: string; name: string }) => {
        const key = { __typename: 'Product', id };
        const stock = await entity('inventory', key, 'inStock stock { available location { name city } }');
        const { averageRating, helpfulReviews, reviews } = await entity(
          'reviews',
          key,
          'averageRating helpfulReviews { rating title body } reviews(first: 2) { nodes { rating title body author { id } } }',
        );
        const nodes = await Promise.all(
          reviews.nodes.map(async ({ author, body, ...review }: ReviewNode) => ({
            ...review,
            ...(await entity(
              'ai',
              { __typename: 'Review', title: review.title, body },
              'sentiment { label }',
            )),
            author: await entity('accounts', { __typename: 'User', id: author.id }, 'name'),
          })),
        );
        const digest = await entity(
          'ai',
          { __typename: 'Product', id, name: own.name, helpfulReviews },
          'reviewDigest { verdict summary model }',
        );
        return { ...own, ...stock, averageRating, ...digest, reviews: { nodes } };
      }),
    );

    expect(data.topProducts).toEqual(expected);
    expect(data.topProducts).toHaveLength(3);
  });

  test('answers a field that requires fields of another subgraph', async () => {
    const data = await answered(
      '{ topProducts(first: 1) { id shippingEstimate(country: "SE") { cost currency } } }',
    );
    const { id, ...required } = (
      await graph.askSubgraph('products', '{ topProducts(first: 1) { id price currency weightGrams } }')
    ).data.topProducts[0];
    const expected = await entity(
      'inventory',
      { __typename: 'Product', id, ...required },
      'shippingEstimate(country: "SE") { cost currency }',
    );

    expect(data.topProducts[0]).toEqual({ id, ...expected });
  });

  test('reaches an entity by its second key', async () => {
    const { sku, name } = (await graph.askSubgraph('products', '{ topProducts(first: 1) { sku name } }')).data
      .topProducts[0];
    const data = await answered('query ($sku: String!) { productBySku(sku: $sku) { name reviewCount } }', {
      variables: { sku },
    });

    expect(data.productBySku).toEqual({ name, reviewCount: expect.any(Number) });
  });

  test('adds fields to every implementation of an interface by an interface object', async () => {
    const data = await answered('{ locations(first: 20) { nodes { __typename id name serviceRating } } }', {
      headers: { authorization: `Bearer ${await tokenOf('ada')}` },
    });
    const ratings = await Promise.all(
      data.locations.nodes.map(({ id }: { id: string }) =>
        entity('reviews', { __typename: 'Location', id }, 'serviceRating'),
      ),
    );

    expect(new Set(data.locations.nodes.map((node: { __typename: string }) => node.__typename))).toEqual(
      new Set(['Warehouse', 'Store']),
    );
    expect(
      data.locations.nodes.map(({ serviceRating }: { serviceRating: number }) => ({ serviceRating })),
    ).toEqual(ratings);
  });

  test('answers one query to each caller as the permissions say', async () => {
    const query = `{
      cleo: userByUsername(username: "cleo") { email }
      ada: userByUsername(username: "ada") { email }
      locations(first: 1) { nodes { serviceRating } }
    }`;
    const shownTo = async (username: string | undefined) => {
      const headers =
        username === undefined ? undefined : { authorization: `Bearer ${await tokenOf(username)}` };
      const { data, errors = [] } = await graph.ask(query, headers && { headers });
      const seen = {
        cleo: data.cleo.email !== null,
        ada: data.ada.email !== null,
        rating: data.locations.nodes[0].serviceRating !== null,
      };
      return [seen, errors.map(({ path }) => (path as string[]).join('.')).sort()];
    };
    const rating = 'locations.nodes.@.serviceRating';
    expect(await Promise.all(['ada', 'ben', 'cleo', undefined].map(shownTo))).toEqual([
      [{ cleo: true, ada: true, rating: true }, []],
      [{ cleo: true, ada: true, rating: false }, [rating]],
      [{ cleo: true, ada: false, rating: false }, ['ada.email', rating]],
      [{ cleo: false, ada: false, rating: false }, ['ada.email', 'cleo.email', rating]],
    ]);
  });

  test('answers a union across subgraphs', async () => {
    const data = await answered(
      '{ search(text: "lamp", first: 10) { nodes { __typename ... on Product { id reviewCount } ... on Category { name } ... on Brand { name } } } }',
    );

    expect(data.search.nodes.map((node: { __typename: string }) => node.__typename)).toContain('Product');
  });

  test('hides inaccessible fields from clients', async () => {
    for (const field of ['products { nodes { costPrice } }', 'users { nodes { internalNote } }']) {
      expect((await graph.ask(`{ ${field} }`)).errors?.[0]?.extensions).toEqual({
        code: 'GRAPHQL_VALIDATION_FAILED',
      });
    }
  });

  test('pages through every product once, in order', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const data = await answered(
        'query ($after: String) { products(first: 70, after: $after, orderBy: PRICE_LOW_TO_HIGH) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }',
        { variables: { after } },
      );
      seen.push(...data.products.nodes.map(({ id }: { id: string }) => id));
      after = data.products.pageInfo.hasNextPage ? data.products.pageInfo.endCursor : null;
      if (after === null) expect(seen).toHaveLength(data.products.totalCount);
    } while (after !== null);

    expect(new Set(seen).size).toBe(seen.length);
  });

  test('signs in with a token that the served key set verifies', async () => {
    const token = await tokenOf('ada');
    const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${graph.ports[0]}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keys, { issuer: 'tributary-accounts', audience: 'tributary' });

    expect(payload.roles).toContain('ADMIN');
  });

  test('knows users by their tokens', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('cleo')}` };

    expect((await answered('{ me { username } }', { headers })).me).toEqual({ username: 'cleo' });
    expect((await answered('{ me { username } }')).me).toBeNull();
  });

  test('gives each user an answer of their own to one query', async () => {
    const query = '{ me { username roles email } user(id: "u-0001") { username email } }';
    // beside the errors of what each may not see
    const dataFor = async (options: Parameters<ExampleGraph['ask']>[1]) =>
      (await graph.ask(query, options)).data;
    const answers = await Promise.all(
      ['ada', 'ben', 'cleo'].map(async (name) =>
        dataFor({ headers: { authorization: `Bearer ${await tokenOf(name)}` } }),
      ),
    );
    const ada = { username: 'ada', email: 'ada@example.com' };
    expect([...answers, await dataFor({})]).toEqual([
      { me: { ...ada, roles: ['ADMIN', 'CUSTOMER'] }, user: ada },
      { me: { username: 'ben', email: 'ben@example.com', roles: ['CUSTOMER', 'STAFF'] }, user: ada },
      {
        me: { username: 'cleo', email: 'cleo@example.com', roles: ['CUSTOMER'] },
        user: { username: 'ada', email: null },
      },
      { me: null, user: { username: 'ada', email: null } },
    ]);
  });

  test('refuses a token that was changed', async () => {
    const [header, , signature] = (await tokenOf('cleo')).split('.');
    const payload = Buffer.from('{"iss":"tributary-accounts","aud":"tributary","sub":"u-0001"}').toString(
      'base64url',
    );
    const { errors } = await graph.ask('{ me { username } }', {
      headers: { authorization: `Bearer ${header}.${payload}.${signature}` },
    });
    expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
  });

  test('writes a review, which the product then shows', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('ben')}` };
    const { id } = (await answered('{ products(last: 1) { nodes { id } } }')).products.nodes[0];
    const write = `mutation ($id: ID!) { writeReview(input: { productId: $id, rating: 4, title: "Sturdy", body: "It holds what it says, and has for a year." }) { author { username name } product { id name } } }`;
    const unsigned = await graph.ask(write, { variables: { id } });
    const written = await answered(write, { variables: { id }, headers });
    const shown = await answered(
      'query ($id: ID!) { product(id: $id) { reviews(first: 50) { nodes { title author { username } } } } }',
      {
        variables: { id },
      },
    );

    expect(unsigned.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHORIZED_FIELD_OR_TYPE' });
    expect(written.writeReview).toMatchObject({ author: { username: 'ben' }, product: { id } });
    expect(shown.product.reviews.nodes).toContainEqual({ title: 'Sturdy', author: { username: 'ben' } });
  });

  describeInChromium('in a browser', () => {
    test('the offline page runs the federated sample query and shows its data', async () => {
      const run = await runQueryInGraphiql(`${graph.gatewayUrl}/graphiql`);

      expect(run.document.trim()).toBe(sample.trim());
      expect(run.response).toEqual({ data: await answered(sample) });
      expect(run.externalRequests).toEqual([]);
      expect(run.consoleErrors).toEqual([]);
    }, 60_000);
  });

  test('opens Apollo Sandbox at the root, pointed at the endpoint', async () => {
    const response = await fetch(`${graph.gatewayUrl}/`, { headers: { accept: 'text/html' } });
    const page = await response.text();

    expect(response.status).toBe(200);
    expect(page).toContain('embeddable-sandbox');
    expect(page).toContain('/graphql');
    expect(page).toContain('query Newcomer');
  });

  test('ends with every process on Ctrl-C, and leaves no port taken', async () => {
    expect(await graph.end('SIGINT')).toBe(0);
    expect(await Promise.all(graph.ports.map(isFree))).toEqual(graph.ports.map(() => true));
  }, 20_000);
});
