import { describe, expect, test } from '@jest/globals';
import { composeSubgraphs } from '../../gateway/supergraph/composeSubgraphs.ts';
import { formatProblem } from '../../gateway/supergraph/composition.ts';

// Codes and messages: @apollo/composition 2.14, which composes. Places are counted by hand in the SDL below.

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n`;
const subgraph = (name: string, sdl: string) => ({
  name,
  url: `http://${name}.test/graphql`,
  sdl: link + sdl,
});

function problemsOf(...subgraphs: ReturnType<typeof subgraph>[]) {
  const result = composeSubgraphs(subgraphs);
  if (result.kind !== 'failed') throw new Error('it composes');
  return result.errors;
}

describe('supergraph: compose subgraphs', () => {
  test('composes a supergraph that names every subgraph with its URL', () => {
    const result = composeSubgraphs([
      subgraph('users', 'type Query { me: User } type User @key(fields: "id") { id: ID! }'),
      subgraph('reviews', 'type User @key(fields: "id") { id: ID! reviewCount: Int }'),
    ]);

    expect(result.kind).toBe('composed');
    if (result.kind !== 'composed') return;
    expect(result.supergraphSdl).toContain(
      '@join__graph(name: "reviews", url: "http://reviews.test/graphql")',
    );
    expect(result.supergraphSdl).toContain('@join__graph(name: "users", url: "http://users.test/graphql")');
  });

  test('places an incompatible field in both subgraphs', () => {
    const [problem, ...others] = problemsOf(
      subgraph('a', 'type Query { x: T }\ntype T @key(fields: "id") {\n  id: ID!\n  n: Int @shareable\n}'),
      subgraph('b', 'type T @key(fields: "id") {\n  id: ID!\n  n: String @shareable\n}'),
    );

    expect(others).toEqual([]);
    expect(problem).toEqual({
      code: 'FIELD_TYPE_MISMATCH',
      message:
        'Type of field "T.n" is incompatible across subgraphs: it has type "Int" in subgraph "a" but type "String" in subgraph "b"',
      places: [
        { subgraph: 'a', line: 5, column: 3 },
        { subgraph: 'b', line: 4, column: 3 },
      ],
    });
  });

  test('reports the syntax errors of all subgraphs together', () => {
    expect(
      problemsOf(subgraph('a', 'type Query { x: '), subgraph('b', 'type T {')).map(({ places }) => places),
    ).toEqual([[{ subgraph: 'a', line: 2, column: 17 }], [{ subgraph: 'b', line: 2, column: 9 }]]);
  });

  test('places an unsatisfiable query at the field that no subgraph can reach', () => {
    const [problem] = problemsOf(
      subgraph('a', 'type Query { x: T }\ntype T { id: ID! @shareable }'),
      subgraph('b', 'type T {\n  id: ID! @shareable\n  n: String\n}'),
    );

    expect(problem?.code).toBe('SATISFIABILITY_ERROR');
    expect(problem?.places).toContainEqual({ subgraph: 'b', line: 4, column: 3 });
  });

  test.each([
    [
      'an unknown type',
      'type Query { x: Nowhere }',
      'INVALID_GRAPHQL',
      [{ subgraph: 'a', line: 2, column: 17 }],
    ],
    [
      'an unknown key field',
      'type Query { x: T }\ntype T @key(fields: "no") { id: ID! }',
      'KEY_INVALID_FIELDS',
      [
        { subgraph: 'a', line: 3, column: 8 },
        { subgraph: 'a', line: 3, column: 1 },
      ],
    ],
    [
      'an unknown directive',
      'type Query { x: Int @nope }',
      'INVALID_GRAPHQL',
      [{ subgraph: 'a', line: 2, column: 21 }],
    ],
  ])('places %s', (_what, sdl, code, places) => {
    expect(problemsOf(subgraph('a', sdl)).map((problem) => [problem.code, problem.places])).toEqual([
      [code, places],
    ]);
  });

  test('gives hints with their places', () => {
    const result = composeSubgraphs([
      subgraph('a', 'type Query { x: T }\ntype T @key(fields: "id") { id: ID! n: Int @shareable }'),
      subgraph('b', 'type T @key(fields: "id") { id: ID! n: Int! @shareable }'),
    ]);

    expect(result.kind === 'composed' && result.hints.map(({ code, places }) => [code, places])).toEqual([
      [
        'INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE',
        [
          { subgraph: 'a', line: 3, column: 37 },
          { subgraph: 'b', line: 2, column: 37 },
        ],
      ],
    ]);
  });

  test('prints a problem with every place on its first line', () => {
    const places = [
      { subgraph: 'a', line: 5, column: 3 },
      { subgraph: 'b', line: 4, column: 1 },
    ];

    expect(formatProblem({ code: 'SOME_CODE', message: 'One line\nand another', places })).toBe(
      'a:5:3, b:4:1 [SOME_CODE]\n  One line\n  and another',
    );
  });
});
