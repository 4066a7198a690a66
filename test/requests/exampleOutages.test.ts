import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type ExampleGraph, startExampleGraph } from '../support/exampleGraph.ts';
import { freePorts } from '../support/freePorts.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';

/*
 * The example graph with one of its subgraphs away: the others' data stay. What another subgraph than that of the object answers may be
 * null, as it may be away; a `!` there would null the object, and with it the page.
 */

const sample = (
  parse(readFileSync(path.resolve(import.meta.dirname, '../../gateway.yaml'), 'utf8')) as {
    explorer: { document: string };
  }
).explorer.document;

const subgraphs = ['accounts', 'products', 'inventory', 'reviews', 'ai'] as const;

let graph: ExampleGraph;
let whole: Product[];
let sdls: readonly string[];

beforeAll(async () => {
  graph = await startExampleGraph();
  whole = (await graph.ask(sample)).data.topProducts;
  sdls = await Promise.all(
    subgraphs.map(async (name) => (await graph.askSubgraph(name, '{ _service { sdl } }')).data._service.sdl),
  );
}, 60_000);
afterAll(() => graph?.end(), 20_000);

interface Product {
  readonly reviews: { readonly nodes: readonly Record<string, unknown>[] };
}

/** A gateway over the subgraphs of the graph, one of which is asked where nobody listens. */
async function gatewayWithout(away: string): Promise<GatewayUnderTest> {
  const [closed] = await freePorts(1);
  return startGateway({
    settings: { engine: 'compiled' },
    subgraphs: subgraphs.map((name, index) => ({
      name,
      url: `http://127.0.0.1:${name === away ? closed : graph.ports[index]}/graphql`,
      sdl: sdls[index] ?? '',
    })),
  });
}

/** The sample's products, with other values in place of those that are lost. */
const productsWith = (lost: object, lostOfReviews: object = {}): unknown =>
  whole.map((product) => ({
    ...product,
    reviews: { nodes: product.reviews.nodes.map((review) => ({ ...review, ...lostOfReviews })) },
    ...lost,
  }));

const cases: readonly [string, () => unknown][] = [
  ['accounts', () => productsWith({}, { author: null })],
  ['inventory', () => productsWith({ inStock: null, stock: null })],
  ['reviews', () => productsWith({ averageRating: null, reviews: null, reviewDigest: null })],
  ['ai', () => productsWith({ reviewDigest: null }, { sentiment: null })],
];

describe('requests: the example graph with a subgraph away', () => {
  test.each(cases)('%s: the sample has the data of the others', async (away, topProducts) => {
    const gateway = await gatewayWithout(away);
    try {
      const { data, errors } = (await gateway.answerTo({ query: sample })) as {
        readonly data: unknown;
        readonly errors: readonly { readonly extensions: { readonly service?: string } }[];
      };
      expect(data).toEqual({ topProducts: topProducts() });
      expect(new Set(errors.map(({ extensions }) => extensions.service))).toEqual(new Set([away]));
    } finally {
      await gateway.stop();
    }
  });
});
