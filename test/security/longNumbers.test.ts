import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EngineUnderTest, enginesUnderTest } from '../support/federationCase.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/*
 * 2^53 and 2^53 + 1 are one number to whoever rounds to a double. What a rule decides about has to be what the subgraph is asked for:
 * otherwise leave for the one is leave for the other.
 */

const OWN = '9007199254740992';
const NEXT = '9007199254740993';

const permissions = `
import { rule } from 'graphql-shield';
export const permissions = {
  Query: {
    byDigits: rule()((_parent, { number }) => String(number) === '${OWN}'),
    byNumber: rule()((_parent, { number }) => number === ${OWN}),
  },
};`;

let ledger: StubSubgraph;

beforeAll(async () => {
  ledger = await startStubSubgraph(
    'ledger',
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    scalar Long
    type Query { byDigits(number: Long!): String  byNumber(number: Long!): String }`,
  );
});

afterAll(() => ledger?.close());

describe.each(enginesUnderTest)('security: long numbers, engine %s', (engine: EngineUnderTest) => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await startGateway({
      subgraphs: [ledger],
      files: { 'permissions.ts': permissions },
      settings: { engine, permissions: './permissions.ts' },
    });
  });
  afterAll(() => gateway?.stop());

  async function bodiesFor(field: string, number: string): Promise<readonly string[]> {
    ledger.answer = { body: `{"data":{"${field}":"x"}}` };
    const before = ledger.requests.length;
    const query = `query($number: Long!) { ${field}(number: $number) }`;
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"number":${number}}}`,
    });
    await response.text();
    return ledger.requests.slice(before).map(({ body }) => body);
  }

  test('a rule that reads the digits allows the number that the subgraph is asked for', async () => {
    expect(await bodiesFor('byDigits', OWN)).toEqual([
      expect.stringMatching(`"variables":{"number":${OWN}}`),
    ]);
    expect(await bodiesFor('byDigits', NEXT)).toEqual([]);
  });

  test('a rule that compares numbers does not take one for the next', async () => {
    expect(await bodiesFor('byNumber', OWN)).toHaveLength(1);
    expect(await bodiesFor('byNumber', NEXT)).toEqual([]);
  });
});
