import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph } from '../../support/federationCase.ts';

/*
 * GraphQL section 2.1.9: a name is a letter or `_`, then letters, digits and `_`; names that begin with `__` are reserved
 * in a schema (section 4.3), but not for aliases and variables. Names that every JavaScript object has are plain names.
 */
describe.each(enginesUnderTest)('conformance: names of Object.prototype (%s)', (engine) => {
  const thing = { id: 't1', valueOf: 'value', constructor: 'made', hasOwnProperty: { toString: 5 } };
  const { ask, test } = federatedGraph(engine, {
    constructor: {
      sdl: `
        type Query { constructor: Thing toString: String echo(constructor: String, finally: Box): String }
        input Box { hasOwnProperty: Int constructor: [String] }
        type Thing @key(fields: "id constructor") { id: ID! constructor: String! valueOf: String hasOwnProperty: Own }
        type Own { toString: Int }`,
      resolvers: {
        Query: {
          constructor: () => thing,
          toString: () => 'text',
          echo: (_: unknown, args: object) => JSON.stringify(args),
        },
        Thing: { __resolveReference: () => thing },
      },
    },
    hasOwnProperty: {
      sdl: `
        extend type Query { finally: Int }
        extend type Thing @key(fields: "id constructor") {
          id: ID! @external
          constructor: String! @external
          valueOf: String @external
          isPrototypeOf: Int @requires(fields: "valueOf")
          length: Int!
        }`,
      resolvers: {
        Query: { finally: () => 1 },
        Thing: {
          isPrototypeOf: (thing: { valueOf: unknown }) => String(thing.valueOf).length,
          length: () => 11,
        },
      },
    },
  });

  test('fields and subgraphs have them', async () => {
    const { answer, asked } = await ask(
      '{ constructor { constructor valueOf length hasOwnProperty { toString } } toString finally }',
    );
    expect(answer).toEqual({
      data: {
        constructor: { constructor: 'made', valueOf: 'value', length: 11, hasOwnProperty: { toString: 5 } },
        toString: 'text',
        finally: 1,
      },
    });
    expect(new Set(asked)).toEqual(new Set(['constructor', 'hasOwnProperty']));
  });

  test('keys and required fields have them', async () => {
    const { answer, representationsSentTo } = await ask('{ constructor { isPrototypeOf } }');
    expect(answer).toEqual({ data: { constructor: { isPrototypeOf: 5 } } });
    expect(representationsSentTo('hasOwnProperty')).toEqual([
      { __typename: 'Thing', id: 't1', constructor: 'made', valueOf: 'value' },
    ]);
  });

  test('`__proto__` as an alias of a value', async () => {
    const { text } = await ask('{ __proto__: toString }');
    expect(text.trim()).toBe('{"data":{"__proto__":"text"}}');
  });

  test('`__proto__` as an alias of an object with fields of two subgraphs', async () => {
    const { text } = await ask('{ __proto__: constructor { __proto__: length id } }');
    expect(text.trim()).toBe('{"data":{"__proto__":{"__proto__":11,"id":"t1"}}}');
  });

  test('`then` as an alias does not make a promise of an answer', async () => {
    const { text } = await ask('{ then: constructor { then: length catch: id } }');
    expect(text.trim()).toBe('{"data":{"then":{"then":11,"catch":"t1"}}}');
  });

  test('`__proto__` as an alias in two subgraphs leaves every prototype alone', async () => {
    await ask(
      '{ __proto__: constructor { polluted: id __proto__: hasOwnProperty { polluted: toString } length } }',
    );
    expect('polluted' in {}).toBe(false);
  });

  test('their names as aliases', async () => {
    const { answer } = await ask(
      '{ hasOwnProperty: constructor { toString: id valueOf: length toLocaleString: valueOf finally: isPrototypeOf } toJSON: finally }',
    );
    expect(answer).toEqual({
      data: {
        hasOwnProperty: { toString: 't1', valueOf: 11, toLocaleString: 'value', finally: 5 },
        toJSON: 1,
      },
    });
  });

  test('their names as variables and arguments', async () => {
    const { answer } = await ask(
      'query Echo($constructor: String, $hasOwnProperty: Int, $toString: [String]) { echo(constructor: $constructor, finally: { hasOwnProperty: $hasOwnProperty, constructor: $toString }) }',
      { variables: { constructor: 'a', hasOwnProperty: 2, toString: ['b'] } },
    );
    expect(answer).toEqual({
      data: { echo: '{"constructor":"a","finally":{"hasOwnProperty":2,"constructor":["b"]}}' },
    });
  });

  test('their names as variables that are not sent', async () => {
    const { answer } = await ask(
      'query Echo($constructor: String, $toString: Int) { echo(constructor: $constructor, finally: { hasOwnProperty: $toString }) }',
    );
    expect(answer).toEqual({ data: { echo: '{"finally":{}}' } });
  });

  test('`__proto__` as a variable', async () => {
    const { answer } = await ask('query Echo($__proto__: String) { echo(constructor: $__proto__) }', {
      variables: JSON.parse('{ "__proto__": "mine" }') as Record<string, unknown>,
    });
    expect(answer).toEqual({ data: { echo: '{"constructor":"mine"}' } });
  });

  test('names that look like numbers keep the order of the document', async () => {
    const { text } = await ask('{ _2: finally _1: toString _0: constructor { _9: length _10: id } }');
    expect(text.trim()).toBe('{"data":{"_2":1,"_1":"text","_0":{"_9":11,"_10":"t1"}}}');
  });

  test('operations and fragments have them', async () => {
    const { answer } = await ask(
      'query constructor { ...__proto__ } query toString { finally } fragment __proto__ on Query { constructor { ...hasOwnProperty } } fragment hasOwnProperty on Thing { length }',
      { operationName: 'constructor' },
    );
    expect(answer).toEqual({ data: { constructor: { length: 11 } } });
  });
});

describe.each(enginesUnderTest)('conformance: subgraphs with hostile names (%s)', (engine) => {
  const { ask, test } = federatedGraph(engine, {
    toString: {
      sdl: 'type Query { first: Item } type Item @key(fields: "id") { id: ID! }',
      resolvers: { Query: { first: () => ({ id: 'i1' }) } },
    },
    '1': {
      sdl: 'extend type Item @key(fields: "id") { id: ID! @external one: Int }',
      resolvers: { Item: { one: () => 1 } },
    },
    'dash-and.dot': {
      sdl: 'extend type Item @key(fields: "id") { id: ID! @external two: Int }',
      resolvers: { Item: { two: () => 2 } },
    },
  });

  test('fields of all of them meet in one entity', async () => {
    const { answer } = await ask('{ first { id one two } }');
    expect(answer).toEqual({ data: { first: { id: 'i1', one: 1, two: 2 } } });
  });
});
