import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 6.4.4: a null in a non-null place is a field error, and makes the nearest nullable parent null. There is
 * one error a field, and none in addition where the null comes of an error. Across subgraphs the parent may be of another
 * subgraph, which answered without fault; the path is that of the client's response.
 */
const broken = (text: string) => () => {
  throw new Error(text);
};

describe.each(enginesUnderTest)('conformance: errors of entities (%s)', (engine) => {
  const wells = [{ id: 'w1' }, { id: 'w2' }, { id: 'w3' }];
  const { ask, stub, test } = federatedGraph(engine, {
    map: {
      sdl: `${federation2}
        type Query { wells: [Well!]! maybe: [Well] well(id: ID!): Well sure: Well! name: String grid: [[Well]] spring: Spring }
        type Spring { well: Well! name: String }
        type Well @key(fields: "id") { id: ID! next: Well }`,
      resolvers: {
        Query: {
          wells: () => wells,
          maybe: () => wells,
          well: (_: unknown, { id }: { id: string }) => ({ id }),
          sure: () => ({ id: 'w2' }),
          name: () => 'map',
          grid: () => [[{ id: 'w1' }], [null, { id: 'w2' }]],
          spring: () => ({ well: { id: 'w2' }, name: 'cold' }),
        },
        Well: { next: ({ id }: { id: string }) => (id === 'w1' ? { id: 'w2' } : null) },
      },
    },
    meters: {
      sdl: `${federation2}
        type Query { meters: String }
        type Well @key(fields: "id") {
          id: ID!
          litres: Int
          level: Int!
          tests: [Int!]
          alarm: Alarm
        }
        type Alarm { code: Int! text: String! }`,
      resolvers: {
        Query: { meters: () => 'on' },
        Well: {
          __resolveReference: ({ id }: { id: string }) => (id === 'w3' ? null : { id }),
          litres: ({ id }: { id: string }) => (id === 'w2' ? broken('no litres')() : 40),
          level: ({ id }: { id: string }) => (id === 'w2' ? broken('no level')() : 2),
          tests: ({ id }: { id: string }) => (id === 'w2' ? [1, null] : [1, 2]),
          alarm: ({ id }: { id: string }) => ({ code: 1, text: id === 'w2' ? null : 'loud' }),
        },
      },
    },
  });

  test('an error of a nullable field has the index of the client’s list', async () => {
    const { answer, errorPaths } = await ask('{ wells { id litres } }');
    expect(answer.data).toEqual({
      wells: [
        { id: 'w1', litres: 40 },
        { id: 'w2', litres: null },
        { id: 'w3', litres: null },
      ],
    });
    expect(errorPaths).toEqual(['wells.1.litres']);
  });

  test('the error tells the message, the code and the subgraph', async () => {
    const { answer } = await ask('{ well(id: "w2") { litres } }');
    expect(answer.errors).toEqual([
      {
        message: 'no litres',
        path: ['well', 'litres'],
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'meters' },
      },
    ]);
  });

  test('the path has the aliases of the client', async () => {
    const { answer, errorPaths } = await ask('{ all: wells { w: id flow: litres } }');
    expect(answer.data).toEqual({
      all: [
        { w: 'w1', flow: 40 },
        { w: 'w2', flow: null },
        { w: 'w3', flow: null },
      ],
    });
    expect(errorPaths).toEqual(['all.1.flow']);
  });

  test('an entity that is at two places has its error at both', async () => {
    const { answer, errorPaths } = await ask('{ wells { litres next { litres } } }');
    expect(answer.data).toEqual({
      wells: [
        { litres: 40, next: { litres: null } },
        { litres: null, next: null },
        { litres: null, next: null },
      ],
    });
    expect(errorPaths).toEqual(['wells.0.next.litres', 'wells.1.litres']);
  });

  test('indexes in lists of lists', async () => {
    const { answer, errorPaths } = await ask('{ grid { id litres } }');
    expect(answer.data).toEqual({ grid: [[{ id: 'w1', litres: 40 }], [null, { id: 'w2', litres: null }]] });
    expect(errorPaths).toEqual(['grid.1.1.litres']);
  });

  test('a null below a nullable object of the entity ends there', async () => {
    const { answer, errorPaths } = await ask('{ maybe { alarm { code text } } }');
    expect(answer.data).toEqual({
      maybe: [{ alarm: { code: 1, text: 'loud' } }, { alarm: null }, { alarm: null }],
    });
    expect(errorPaths).toEqual(['maybe.1.alarm.text']);
  });

  test('a null in a list of non-null items makes the list null', async () => {
    const { answer, errorPaths } = await ask('{ maybe { id tests } }');
    expect(answer.data).toEqual({
      maybe: [
        { id: 'w1', tests: [1, 2] },
        { id: 'w2', tests: null },
        { id: 'w3', tests: null },
      ],
    });
    expect(errorPaths).toEqual(['maybe.1.tests.1']);
  });

  test('a non-null field of an entity makes the entity null', async () => {
    const { answer } = await ask('{ well(id: "w2") { id level } name }');
    expect(answer.data).toEqual({ well: null, name: 'map' });
  });

  test('the error of that field is the only one', async () => {
    const { errorPaths } = await ask('{ well(id: "w2") { id level } name }');
    expect(errorPaths).toEqual(['well.level']);
  });

  test('in a list of nullable entities, only the entity becomes null', async () => {
    const { answer } = await ask('{ a: well(id: "w1") { level } maybe { id level } }');
    expect(answer.data).toEqual({ a: { level: 2 }, maybe: [{ id: 'w1', level: 2 }, null, null] });
  });

  test('an entity that is not found violates its non-null field, with one error', async () => {
    const { answer, errorPaths } = await ask('{ name well(id: "w3") { id level } }');
    expect(answer.data).toEqual({ name: 'map', well: null });
    expect(errorPaths).toEqual(['well.level']);
  });

  test('each violation has its error, those of subgraphs and of the gateway alike', async () => {
    const { answer, errorPaths } = await ask('{ maybe { id level } }');
    expect(answer.data).toEqual({ maybe: [{ id: 'w1', level: 2 }, null, null] });
    expect(errorPaths).toEqual(['maybe.1.level', 'maybe.2.level']);
  });

  test('through non-null parents the null goes up to a nullable one', async () => {
    const { answer, errorPaths } = await ask('{ spring { name well { level } } name }');
    expect(answer.data).toEqual({ spring: null, name: 'map' });
    expect(errorPaths).toEqual(['spring.well.level']);
  });

  test('through non-null parents up to the root, data is null', async () => {
    const { answer, errorPaths } = await ask('{ name sure { level } }');
    expect(answer.data).toBeNull();
    expect(errorPaths).toEqual(['sure.level']);
  });

  test('through a non-null list up to the root, data is null', async () => {
    const { answer } = await ask('{ name wells { level } }');
    expect(answer.data).toBeNull();
  });

  test('a root field that fails leaves the other subgraph’s data', async () => {
    stub('meters').answer = {
      body: '{"data":{"meters":null},"errors":[{"message":"off","path":["meters"],"extensions":{"code":"OFF"}}]}',
    };
    const { answer } = await ask('{ meters name }');
    stub('meters').answer = undefined;
    expect(answer).toEqual({
      data: { meters: null, name: 'map' },
      errors: [{ message: 'off', path: ['meters'], extensions: { code: 'OFF', service: 'meters' } }],
    });
  });

  test('an error without a path is kept, and the fields are null', async () => {
    stub('meters').answer = { body: '{"errors":[{"message":"closed"}]}' };
    const { answer } = await ask('{ well(id: "w1") { id litres alarm { code } } }');
    stub('meters').answer = undefined;
    expect(answer.data).toEqual({ well: { id: 'w1', litres: null, alarm: null } });
    expect(answer.errors?.map(({ message }) => message)).toEqual(['closed']);
  });

  test('a subgraph that does not answer makes its nullable fields null', async () => {
    stub('meters').answer = 'reset';
    const { answer } = await ask('{ maybe { id litres } name }');
    stub('meters').answer = undefined;
    expect(answer.data).toEqual({
      maybe: [
        { id: 'w1', litres: null },
        { id: 'w2', litres: null },
        { id: 'w3', litres: null },
      ],
      name: 'map',
    });
  });

  test('a violation of a nullable parent is one error without an error of a subgraph', async () => {
    stub('meters').answer = { body: '{"data":{"_entities":[{"alarm":{"code":null,"text":"t"}}]}}' };
    const { answer, errorPaths } = await ask('{ well(id: "w1") { id alarm { code text } } }');
    stub('meters').answer = undefined;
    expect(answer.data).toEqual({ well: { id: 'w1', alarm: null } });
    expect(errorPaths).toEqual(['well.alarm.code']);
  });
});
