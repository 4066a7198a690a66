import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/** 2^53 + 1, which no double has (IEEE 754, binary64), and a decimal of more digits than one. */
const LONG = '9007199254740993';
const DECIMAL = '0.12345678901234567890';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external"])';

let ledger: StubSubgraph;
let notes: StubSubgraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  ledger = await startStubSubgraph(
    'ledger',
    `${LINK}
    scalar Json
    scalar Long
    type Query {
      json: Json  list: [Long!]  id: ID  text: String  float: Float  int: Int  yes: Boolean  size: Size  inner: Inner
      account: Account  accounts: [Account!]
      echo(json: Json, long: Long, id: ID, ids: [ID!], float: Float, filter: Filter): Json
    }
    input Filter { at: Long  weight: Float  owner: ID  and: [Filter!] }
    enum Size { SMALL }
    type Inner { name: String }
    type Account @key(fields: "number") { number: Long!  data: Json }`,
    { Query: { echo: () => null } },
  );
  notes = await startStubSubgraph(
    'notes',
    `${LINK}
    scalar Json
    scalar Long
    type Query { note: String }
    type Account @key(fields: "number") {
      number: Long!
      data: Json @external
      note: String
      digest: String @requires(fields: "data")
    }`,
  );
  gateway = await startGateway({ subgraphs: [ledger, notes], settings: { engine: 'compiled' } });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([ledger?.close(), notes?.close()]);
});

afterEach(() => {
  ledger.answer = undefined;
  notes.answer = undefined;
});

async function textOf(query: string, variables = '{}'): Promise<string> {
  const body = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return (await response.text()).trim();
}

/** The answer when the first subgraph gives these data. */
async function shown(query: string, data: string): Promise<string> {
  ledger.answer = { body: `{"data":${data}}` };
  return textOf(query);
}

/** GraphQL specification, §3.5: what a custom scalar is, is for its service to say; a gateway passes it on as it came. */
describe('compiled engine: digits of a custom scalar', () => {
  test.each([
    LONG,
    `-${LONG}`,
    DECIMAL,
    '1.2345678901234567890e+400',
    `{"a":[${LONG},{"b":${DECIMAL}}],"c":"x","d":null}`,
    `[[${LONG}]]`,
  ])('%s reaches the client as it came', async (value) => {
    expect(await shown('{ json }', `{"json":${value}}`)).toBe(`{"data":{"json":${value}}}`);
  });

  test('so do items of a list', async () => {
    expect(await shown('{ list }', `{"list":[1,${LONG},${DECIMAL}]}`)).toBe(
      `{"data":{"list":[1,${LONG},${DECIMAL}]}}`,
    );
  });

  test('a key of an entity is sent digit by digit, and accounts that differ in the last one are told apart', async () => {
    ledger.answer = {
      body: `{"data":{"accounts":[{"__typename":"Account","number":${LONG}},{"__typename":"Account","number":9007199254740992},{"__typename":"Account","number":${LONG}}]}}`,
    };
    notes.answer = { body: '{"data":{"_entities":[{"note":"odd"},{"note":"even"}]}}' };
    const asked = notes.nextRequest();

    expect(await textOf('{ accounts { number note } }')).toBe(
      `{"data":{"accounts":[{"number":${LONG},"note":"odd"},{"number":9007199254740992,"note":"even"},{"number":${LONG},"note":"odd"}]}}`,
    );
    expect((await asked).body).toContain(
      `"representations":[{"__typename":"Account","number":${LONG}},{"__typename":"Account","number":9007199254740992}]`,
    );
  });

  test('so is what a field requires', async () => {
    ledger.answer = {
      body: `{"data":{"account":{"__typename":"Account","number":7,"data":{"a":[${DECIMAL}]}}}}`,
    };
    notes.answer = { body: '{"data":{"_entities":[{"digest":"x"}]}}' };
    const asked = notes.nextRequest();

    expect(await textOf('{ account { digest } }')).toBe('{"data":{"account":{"digest":"x"}}}');
    expect((await asked).body).toContain(`"data":{"a":[${DECIMAL}]}`);
  });
});

/** GraphQL specification, §3.5.1 to §3.5.5, "Result Coercion". */
describe('compiled engine: a long number where it is of another type', () => {
  test('beside a custom scalar, an ID and a text have its digits', async () => {
    const data = `{"json":${LONG},"id":"${LONG}","text":"${LONG}"}`;
    expect(await shown('{ json id text }', `{"json":${LONG},"id":${LONG},"text":${LONG}}`)).toBe(
      `{"data":${data}}`,
    );
  });

  // its digits are read where a custom scalar is asked for; a service is to serialize an ID as a text in the first place
  test('alone, there is no ID rather than a rounded one', async () => {
    expect(JSON.parse(await shown('{ id }', `{"id":${LONG}}`))).toEqual({
      errors: [
        {
          message: 'ID cannot represent the value.',
          path: ['id'],
          extensions: { code: 'RESPONSE_VALIDATION_FAILED' },
        },
      ],
      data: { id: null },
    });
  });

  test('an ID that a double holds is an ID', async () => {
    expect(await shown('{ id }', '{"id":9007199254740991}')).toBe('{"data":{"id":"9007199254740991"}}');
  });

  test.each([
    [LONG, '9007199254740992'],
    [DECIMAL, '0.12345678901234568'],
  ])('a Float is a double: %s', async (value, double) => {
    expect(await shown('{ json float }', `{"json":${value},"float":${value}}`)).toBe(
      `{"data":{"json":${value},"float":${double}}}`,
    );
  });

  test.each([
    ['int', LONG, 'Int cannot represent the value.'],
    ['id', DECIMAL, 'ID cannot represent the value.'],
    ['size', LONG, 'Enum "Size" cannot represent the value.'],
    ['inner', LONG, 'Expected an object of Inner.'],
    ['list', LONG, 'Expected a list.'],
  ])('of the field `%s`, %s is an error, and is not shown', async (field, value, message) => {
    const selection = field === 'inner' ? 'inner { name }' : field;
    const answer = JSON.parse(await shown(`{ json ${selection} }`, `{"json":null,"${field}":${value}}`));
    expect(answer).toEqual({
      errors: [{ message, path: [field], extensions: { code: 'RESPONSE_VALIDATION_FAILED' } }],
      data: { json: null, [field]: null },
    });
  });

  test('in an error of a subgraph it is a number', async () => {
    ledger.answer = {
      body: `{"data":{"json":${LONG}},"errors":[{"message":"odd","extensions":{"at":${LONG}}}]}`,
    };
    const text = await textOf('{ json }');
    expect(text).toContain('"at":9007199254740992');
    expect(text).toContain(`"data":{"json":${LONG}}`);
  });
});

describe('compiled engine: digits that the client sends', () => {
  const echo =
    'query($json: Json, $long: Long, $id: ID, $ids: [ID!], $float: Float, $filter: Filter) { echo(json: $json, long: $long, id: $id, ids: $ids, float: $float, filter: $filter) }';

  async function sent(variables: string): Promise<string> {
    const asked = ledger.nextRequest();
    await textOf(echo, variables);
    const { body } = await asked;
    return body.slice(body.indexOf('"variables":') + '"variables":'.length, -1);
  }

  test.each([
    `{"json":{"a":[${LONG},${DECIMAL}]}}`,
    `{"long":${LONG}}`,
    `{"filter":{"at":${LONG},"and":[{"at":-${LONG}},{"weight":0.5}]}}`,
  ])('%s reaches the subgraph as it came', async (variables) => {
    expect(await sent(variables)).toBe(variables);
  });

  test('an ID is its digits as text, and a Float a double', async () => {
    const variables = `{"id":${LONG},"ids":${LONG},"float":${DECIMAL},"filter":{"owner":${LONG},"weight":${LONG}}}`;
    expect(JSON.parse(await sent(variables))).toEqual({
      id: LONG,
      ids: [LONG],
      float: 0.12345678901234568,
      filter: { owner: LONG, weight: 9007199254740992 },
    });
  });

  test('in the URL of a GET too', async () => {
    const asked = ledger.nextRequest();
    const query = new URLSearchParams({ query: echo, variables: `{"long":${LONG}}` });
    await (
      await fetch(`${gateway.url}/graphql?${query}`, { headers: { 'apollo-require-preflight': 'x' } })
    ).text();
    expect((await asked).body).toContain(`"variables":{"long":${LONG}}`);
  });

  // more than 64 bits, and decimals, are rounded by the native planner, which reads the document's numbers
  test.each(['9223372036854775807', '-9223372036854775808'])('%s in the document too', async (value) => {
    const asked = ledger.nextRequest();
    await textOf(`{ echo(json: { a: [${value}] }) }`);
    expect((await asked).query.replaceAll(' ', '')).toContain(`echo(json:{a:[${value}]})`);
  });

  test('two operations that differ in the last digit share no call', async () => {
    let release = (): void => {};
    ledger.answer = {
      body: '{"data":{"echo":null}}',
      after: new Promise<void>((resolve) => {
        release = resolve;
      }),
    };
    const before = ledger.requests.length;
    const both = [LONG, '9007199254740992'].map((long) => textOf(echo, `{"long":${long}}`));
    while (ledger.requests.length < before + 2) await ledger.nextRequest();
    release();
    await Promise.all(both);
    expect(
      ledger.requests
        .slice(before)
        .map(({ body }) => /"long":(\d+)/.exec(body)?.[1])
        .sort(),
    ).toEqual(['9007199254740992', LONG]);
  });
});
