import { describe, expect } from '@jest/globals';
import { enginesUnderTest, federatedGraph, federation2 } from '../../support/federationCase.ts';

/*
 * GraphQL section 6.1.2 (CoerceVariableValues) and 6.4.1 (CoerceArgumentValues): an absent variable takes the default of
 * the operation, an absent argument that of the schema, and null is a value of its own. What subgraphs get must lead to
 * the same: they echo the arguments that they were called with.
 */
describe.each(enginesUnderTest)('conformance: variables (%s)', (engine) => {
  const echo = (_: unknown, args: object) => JSON.stringify(args);
  const { ask, test } = federatedGraph(engine, {
    left: {
      sdl: `${federation2}
        type Query { left(a: Int = 7, b: String, c: [Int!], d: Box, e: Side): String item: Item }
        input Box { x: Int = 3 y: String inner: Box }
        enum Side { PORT STARBOARD }
        type Item @key(fields: "id") { id: ID! }`,
      resolvers: { Query: { left: echo, item: () => ({ id: 'i1' }) } },
    },
    right: {
      sdl: `${federation2}
        type Query { right(a: Int = 8, b: String): String must(a: Int!): String either(a: Int! = 9): String }
        type Item @key(fields: "id") { id: ID! far(a: Int = 5, b: String, ids: [ID!]): String wide(by: Float, flag: Boolean): String }`,
      resolvers: {
        Query: { right: echo, must: echo, either: echo },
        Item: { far: echo, wide: echo },
      },
    },
  });

  test('an absent variable leaves the default of the schema', async () => {
    const { answer } = await ask('query Q($a: Int, $b: String) { left(a: $a, b: $b) right(a: $a) }');
    expect(answer).toEqual({ data: { left: '{"a":7}', right: '{"a":8}' } });
  });

  test('null is sent as null', async () => {
    const { answer } = await ask('query Q($a: Int, $b: String) { left(a: $a, b: $b) }', {
      variables: { a: null, b: null },
    });
    expect(answer).toEqual({ data: { left: '{"a":null,"b":null}' } });
  });

  test('the default of the operation reaches every subgraph', async () => {
    const { answer } = await ask(
      'query Q($a: Int = 1, $b: String = "two") { left(a: $a, b: $b) right(a: $a, b: $b) }',
    );
    expect(answer).toEqual({ data: { left: '{"a":1,"b":"two"}', right: '{"a":1,"b":"two"}' } });
  });

  test('the default of the operation reaches an entity’s field', async () => {
    const { answer } = await ask(
      'query Q($a: Int = 1, $ids: [ID!] = ["x", "y"]) { item { far(a: $a, ids: $ids) } }',
    );
    expect(answer).toEqual({ data: { item: { far: '{"a":1,"ids":["x","y"]}' } } });
  });

  test('a null outweighs the default of the operation', async () => {
    const { answer } = await ask('query Q($a: Int = 1) { left(a: $a) item { far(a: $a) } }', {
      variables: { a: null },
    });
    expect(answer).toEqual({ data: { left: '{"a":null}', item: { far: '{"a":null}' } } });
  });

  test('an absent variable of an entity’s field leaves the default of the schema', async () => {
    const { answer } = await ask('query Q($a: Int, $b: String) { item { far(a: $a, b: $b) } }');
    expect(answer).toEqual({ data: { item: { far: '{"a":5}' } } });
  });

  test('a subgraph is sent only the variables that it uses', async () => {
    const { variablesSentTo } = await ask(
      'query Q($a: Int, $b: String, $c: [Int!]) { left(c: $c) right(a: $a) item { far(b: $b) } }',
      { variables: { a: 1, b: 'two', c: [3] } },
    );
    expect(variablesSentTo('left')).toEqual([{ c: [3] }]);
    const names = variablesSentTo('right').map((variables) =>
      Object.keys(variables).filter((name) => /^[abc]$/.test(name)),
    );
    expect(names.sort()).toEqual([['a'], ['b']]);
  });

  test('an input object gets the defaults of its fields', async () => {
    const { answer } = await ask('query Q($d: Box) { left(d: $d) }', {
      variables: { d: { y: 'why', inner: { x: null } } },
    });
    expect(answer).toEqual({ data: { left: '{"a":7,"d":{"x":3,"y":"why","inner":{"x":null}}}' } });
  });

  test('a variable inside a literal input object', async () => {
    const { answer } = await ask('query Q($x: Int, $y: String) { left(d: { x: $x, inner: { y: $y } }) }', {
      variables: { y: 'in' },
    });
    expect(answer).toEqual({ data: { left: '{"a":7,"d":{"x":3,"inner":{"x":3,"y":"in"}}}' } });
  });

  test('a single value becomes a list', async () => {
    const { answer } = await ask('query Q($c: [Int!], $ids: [ID!]) { left(c: $c) item { far(ids: $ids) } }', {
      variables: { c: 4, ids: 'one' },
    });
    expect(answer).toEqual({ data: { left: '{"a":7,"c":[4]}', item: { far: '{"a":5,"ids":["one"]}' } } });
  });

  test('enums, floats and booleans arrive as they are', async () => {
    const { answer } = await ask(
      'query Q($e: Side = PORT, $by: Float!, $flag: Boolean) { left(e: $e) item { wide(by: $by, flag: $flag) } }',
      { variables: { by: 2, flag: false } },
    );
    expect(answer).toEqual({ data: { left: '{"a":7,"e":"PORT"}', item: { wide: '{"by":2,"flag":false}' } } });
  });

  test('texts with quotes, line ends and other scripts arrive as they are', async () => {
    const b = 'a "quote" \\ a line\n end \u2028 ☂ 😀 \u0000';
    const { answer } = await ask('query Q($b: String) { left(b: $b) item { far(b: $b) } }', {
      variables: { b },
    });
    expect(answer).toEqual({
      data: { left: JSON.stringify({ a: 7, b }), item: { far: JSON.stringify({ a: 5, b }) } },
    });
  });

  test('a block string in the document arrives with its own line ends', async () => {
    const { answer } = await ask('{ item { far(b: """\n  one\n    "two"\n  """) } }');
    expect(answer).toEqual({ data: { item: { far: JSON.stringify({ a: 5, b: 'one\n  "two"' }) } } });
  });

  test('a nullable variable with a default in a non-null place', async () => {
    const { answer } = await ask('query Q($a: Int = 2) { must(a: $a) either(a: $a) }');
    expect(answer).toEqual({ data: { must: '{"a":2}', either: '{"a":2}' } });
  });

  test('an absent variable in a non-null place leaves the default of the schema', async () => {
    const { answer } = await ask('query Q($a: Int) { either(a: $a) }');
    expect(answer).toEqual({ data: { either: '{"a":9}' } });
  });

  test('a null in a non-null place is an error of that field', async () => {
    const { answer, errorPaths } = await ask('query Q($a: Int) { either(a: $a) item { id } }', {
      variables: { a: null },
    });
    expect(answer.data).toEqual({ either: null, item: { id: 'i1' } });
    expect(errorPaths).toEqual(['either']);
  });

  test('a required variable that is absent refuses the request', async () => {
    const { answer, asked } = await ask('query Q($a: Int!) { must(a: $a) item { id } }');
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.length).toBe(1);
    expect(asked).toEqual([]);
  });

  test('a variable of the wrong type refuses the request', async () => {
    const { answer, asked } = await ask('query Q($a: Int) { right(a: $a) }', { variables: { a: 'seven' } });
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.length).toBe(1);
    expect(asked).toEqual([]);
  });

  test('a variable that the operation does not declare is not sent', async () => {
    const { answer, variablesSentTo } = await ask('query Q($a: Int) { right(a: $a) }', {
      variables: { a: 1, b: 'not declared' },
    });
    expect(answer).toEqual({ data: { right: '{"a":1}' } });
    expect(variablesSentTo('right')).toEqual([{ a: 1 }]);
  });
});
