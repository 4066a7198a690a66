import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeProviders, startFakeProviders } from '../subgraphs/ai/fakeProviders.ts';
import { type ExampleGraph, startExampleGraph } from '../support/exampleGraph.ts';

// The graph that `npm start` runs, with a key of OpenAI whose server is in this process; without any key it is in
// exampleGraph.test.ts.

let fake: FakeProviders;
let graph: ExampleGraph;
const folder = mkdtempSync(path.join(tmpdir(), 'tributary-prompts-'));

beforeAll(async () => {
  cpSync(path.resolve(import.meta.dirname, '../../subgraphs/ai/prompts'), folder, { recursive: true });
  fake = await startFakeProviders();
  fake.otherwise(({ body }) => ({ kind: 'json', value: madeUp(body.text.format.schema) }));
  graph = await startExampleGraph({
    environment: {
      OPENAI_API_KEY: 'sk-planted-key-4711',
      OPENAI_BASE_URL: `${fake.origin}/v1`,
      AI_PROMPTS_DIR: folder,
    },
  });
}, 60_000);
afterAll(async () => {
  await graph.end();
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
}, 20_000);

interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

/** A value that a JSON Schema describes, as a model would make one. */
function madeUp(schema: SchemaNode): unknown {
  if (schema.anyOf?.[0]) return madeUp(schema.anyOf[0]);
  if (schema.enum) return schema.enum[0];
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (type === 'object') {
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([name, of]) => [name, madeUp(of)]),
    );
  }
  if (type === 'array') return schema.items ? [madeUp(schema.items)] : [];
  return type === 'string' ? 'generated' : type === 'boolean' ? true : 1;
}

describe('requests: the AI subgraph behind the gateway', () => {
  test('one query joins products, reviews and generated fields', async () => {
    const { data, errors } = await graph.ask(`{
      topProducts(first: 2) { name reviewDigest { verdict summary pros model } descriptionIn(language: "German") { text }
        reviews(first: 1) { nodes { title sentiment { label score } } } } }`);
    expect(errors).toBeUndefined();
    expect(data.topProducts[0]).toEqual({
      name: expect.any(String),
      reviewDigest: {
        verdict: 'POSITIVE',
        summary: 'generated',
        pros: ['generated'],
        model: 'openai/gpt-4.1-nano',
      },
      descriptionIn: { text: 'generated' },
      reviews: { nodes: [{ title: expect.any(String), sentiment: { label: 'POSITIVE', score: 1 } }] },
    });
    const prompts = fake.requests.map(({ body }) => JSON.stringify(body.input));
    expect(
      prompts.some((prompt) => prompt.includes(`Product: <data>${data.topProducts[0].name}</data>`)),
    ).toBe(true);
  });

  test('aiUsage says what it cost', async () => {
    const { data } = await graph.ask(
      '{ aiUsage(groupBy: [FIELD]) { total { usd unpriced } rows { field calls usd } } }',
    );
    const row = data.aiUsage.rows.find(({ field }: { field: string }) => field === 'Product.reviewDigest');
    // `npm start` has asked the sample query, too
    expect([row?.calls >= 2, Number(row?.usd) > 0, data.aiUsage.total.unpriced]).toEqual([true, true, 0]);
  });

  test('a provider that fails nulls the field, and the rest of the answer stands', async () => {
    fake.next({ kind: 'error', status: 400 });
    const { data, errors } = await graph.ask(
      '{ topProducts(first: 1) { name descriptionIn(language: "Latin") { text } } }',
    );
    expect([
      data.topProducts,
      errors?.map(({ extensions }) => (extensions as { code: string }).code),
    ]).toEqual([[{ name: expect.any(String), descriptionIn: null }], ['AI_BAD_REQUEST']]);
  });

  test('a prompt that is added to a file is in the graph, without a restart of anything', async () => {
    writeFileSync(
      path.join(folder, 'haiku.graphql'),
      'extend type Query { "A haiku." haiku("On what." about: String!): String @cost(weight: 10) @prompt(template: "A haiku on {{args.about}}.") }',
    );
    let answer = await graph.ask('{ haiku(about: "frogs") }');
    while (answer.errors) answer = await graph.ask('{ haiku(about: "frogs") }');
    expect(answer.data).toEqual({ haiku: 'generated' });
    expect(graph.output()).not.toMatch(/Restarting ai/);
  }, 60_000);

  test('neither the key nor a prompt is in any output', () => {
    expect(graph.output()).not.toMatch(/sk-planted|You sum up what customers/);
  });
});
