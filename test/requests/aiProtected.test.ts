import { readFileSync } from 'node:fs';
import path from 'node:path';
import { printSubgraphSchema } from '@apollo/subgraph';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type FakeProviders, startFakeProviders } from '../subgraphs/ai/fakeProviders.ts';
import { oneProvider, openAiForTest, type TestAi, withKey } from '../subgraphs/ai/openAiForTest.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';

// Fields of language models pay points and are guarded as all others are, before a provider hears of them.

const prompts = path.resolve(import.meta.dirname, '../../subgraphs/ai/prompts');
let fake: FakeProviders;
let ai: TestAi;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  fake = await startFakeProviders();
  ai = await openAiForTest({
    models: oneProvider(fake.origin),
    environment: withKey,
    prompts: {
      'support.graphql': readFileSync(path.join(prompts, 'support.graphql'), 'utf8'),
      'guarded.graphql': `extend type Query {
        guarded(text: String!): String @authenticated @cost(weight: 5) @prompt(template: "{{args.text}}")
      }`,
    },
  });
  const url = `${await ai.serve()}/graphql`;
  gateway = await startGateway({
    subgraphs: [{ name: 'ai', url, sdl: printSubgraphSchema(ai.opened.schema) }],
    settings: { demand_control: { mode: 'enforce', max: 100 } },
  });
});
beforeEach(() => {
  fake.reset();
  fake.otherwise({ kind: 'json', value: { topic: null } });
});
afterAll(async () => {
  await gateway.stop();
  await ai.close();
  await fake.close();
});

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}
const ask = async (query: string): Promise<[unknown, string[]]> => {
  const { data, errors = [] } = (await gateway.answerTo({ query })) as Answer;
  return [data, errors.map(({ extensions }) => extensions.code)];
};

describe('requests: AI fields are protected', () => {
  test('what the points allow is asked', async () => {
    expect([await ask('{ triageTicket(text: "a") { topic } }'), fake.requests.length]).toEqual([
      [{ triageTicket: { topic: null } }, []],
      1,
    ]);
  });

  test('an operation of too many points is refused before a provider is asked', async () => {
    const fields = ['a', 'b', 'c', 'd'].map((name) => `${name}: triageTicket(text: "${name}") { topic }`);
    const [, codes] = await ask(`{ ${fields.join(' ')} }`);
    expect([codes, fake.requests.length]).toEqual([['COST_ESTIMATED_TOO_EXPENSIVE'], 0]);
  });

  test('a field that is not allowed is null, and no provider hears of it', async () => {
    const [data, codes] = await ask('{ guarded(text: "a") triageTicket(text: "a") { topic } }');
    expect([data, codes, fake.requests.length]).toEqual([
      { guarded: null, triageTicket: { topic: null } },
      ['UNAUTHORIZED_FIELD_OR_TYPE'],
      1,
    ]);
  });
});
