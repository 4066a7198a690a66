import { prettyFormatQueryPlan } from '@apollo/query-planner';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

/** What Apollo Sandbox reads of an answer. */
interface Answer {
  readonly data?: unknown;
  readonly errors?: unknown;
  readonly extensions?: {
    readonly __queryPlanExperimental?: unknown;
    readonly apolloQueryPlan?: { readonly object: unknown; readonly text: string };
  };
}

const query = '{ best { name stars } }';
const data = { best: { name: 'Tea', stars: 4 } };

/** The nodes that `@apollo/query-planner` documents (`QueryPlan.d.ts`), for the query above. */
const object = {
  kind: 'QueryPlan',
  node: {
    kind: 'Sequence',
    nodes: [
      expect.objectContaining({
        kind: 'Fetch',
        serviceName: 'products',
        variableUsages: [],
        operation: expect.stringMatching(/^\{\s*best\s*\{/),
        operationKind: 'query',
      }),
      {
        kind: 'Flatten',
        path: ['best'],
        node: expect.objectContaining({
          kind: 'Fetch',
          serviceName: 'reviews',
          requires: [
            {
              kind: 'InlineFragment',
              typeCondition: 'Product',
              selections: [
                { kind: 'Field', name: '__typename' },
                { kind: 'Field', name: 'upc' },
              ],
            },
          ],
          operation: expect.stringContaining('_entities'),
        }),
      },
    ],
  },
};

const printed = (plan: unknown): string =>
  prettyFormatQueryPlan(plan as Parameters<typeof prettyFormatQueryPlan>[0]);

let shop: ShopGraph;

beforeAll(async () => {
  shop = await startShopGraph();
});

afterAll(() => shop?.close());

const asked = (): number => shop.products.requests.length + shop.reviews.requests.length;

describe.each(['apollo', 'compiled'])('engine %s: the query plan', (engine) => {
  let development: GatewayUnderTest;
  let production: GatewayUnderTest;

  beforeAll(async () => {
    const subgraphs = [shop.products, shop.reviews];
    [development, production] = await Promise.all([
      startGateway({ subgraphs, settings: { engine } }),
      startGateway({ subgraphs, settings: { engine }, env: { NODE_ENV: 'production' } }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([development?.stop(), production?.stop()]);
  });

  const answerTo = async (headers: Readonly<Record<string, string>>): Promise<Answer> =>
    (await development.answerTo({ query }, headers)) as Answer;

  test('is in the answer, as object and as text, for Apollo-Expose-Query-Plan', async () => {
    const { extensions, ...rest } = await answerTo({ 'apollo-expose-query-plan': 'true' });
    expect(rest).toEqual({ data });
    expect(extensions).toEqual({ apolloQueryPlan: { object, text: expect.any(String) } });
    expect(extensions?.apolloQueryPlan?.text).toBe(printed(extensions?.apolloQueryPlan?.object));
  });

  test('is all of the answer for a dry run, and no subgraph is asked', async () => {
    const before = asked();
    const answer = await answerTo({ 'apollo-expose-query-plan': 'dry-run' });
    expect(answer).toEqual({ extensions: { apolloQueryPlan: { object, text: expect.any(String) } } });
    expect(asked()).toBe(before);
  });

  test('is text for Apollo-Query-Plan-Experimental, and the object in its format `internal`', async () => {
    const header = { 'apollo-query-plan-experimental': '1' };
    const format = 'apollo-query-plan-experimental-format';
    const [text, prettified, internal] = await Promise.all([
      answerTo(header),
      answerTo({ ...header, [format]: 'prettified' }),
      answerTo({ ...header, [format]: 'internal' }),
    ]);
    const plan = internal.extensions?.__queryPlanExperimental;
    expect(internal).toEqual({ data, extensions: { __queryPlanExperimental: object } });
    const expected = { data, extensions: { __queryPlanExperimental: printed(plan) } };
    expect([text, prettified]).toEqual([expected, expected]);
  });

  test.each<Readonly<Record<string, string>>>([{}, { 'apollo-expose-query-plan': 'false' }])(
    'is not in the answer where nobody asks: %j',
    async (headers) => {
      expect(await answerTo(headers)).toEqual({ data });
    },
  );

  test('is not in the answer in production, and a dry run is none', async () => {
    const headers = { 'apollo-query-plan-experimental': '1', 'apollo-expose-query-plan': 'dry-run' };
    expect(await production.answerTo({ query }, headers)).toEqual({ data });
  });
});

describe.each(['apollo', 'compiled'])('engine %s: max_subgraph_fetches', (engine) => {
  test('refuses an operation that may need more, with their number, before any is asked', async () => {
    const gateway = await startGateway({
      subgraphs: [shop.products, shop.reviews],
      settings: { engine, limits: { max_subgraph_fetches: 1 } },
    });
    try {
      const before = asked();
      const refused = await gateway.ask({ query });
      expect([refused.status, await refused.json(), asked()]).toEqual([
        400,
        {
          errors: [
            {
              message: 'The operation needs 2 requests to subgraphs; at most 1 are allowed.',
              extensions: { code: 'MAX_SUBGRAPH_FETCHES_LIMIT', subgraphFetches: 2, maxSubgraphFetches: 1 },
            },
          ],
        },
        before,
      ]);
      expect(await gateway.answerTo({ query: '{ best { name } }' })).toEqual({
        data: { best: { name: 'Tea' } },
      });
    } finally {
      await gateway.stop();
    }
  });
});
