import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { checkDocument } from '../../gateway/limit/checkDocument.ts';
import type { StructureLimits } from '../../gateway/limit/limit.ts';
import { limits } from '../../gateway/limit/limits.ts';

const nothing: StructureLimits = {
  max_expanded_selections: -1,
  max_depth: -1,
  max_height: -1,
  max_aliases: -1,
  max_root_fields: -1,
  max_directives: -1,
};

/** Every measure of a document, by setting: with nothing allowed, every limit is exceeded. */
function measuresOf(text: string): Record<string, number> {
  const exceeded = checkDocument(parse(text), nothing);
  return Object.fromEntries(exceeded.map(({ limit, value }) => [limit.setting, value]));
}

// counted by hand
const documents = [
  {
    what: 'one field',
    text: '{ a }',
    measures: { depth: 1, height: 1, aliases: 0, root_fields: 1, directives: 0, expanded_selections: 1 },
  },
  {
    what: 'fields in fields',
    text: '{ a { b { c } d } }',
    measures: { depth: 3, height: 4, aliases: 0, root_fields: 1, directives: 0, expanded_selections: 4 },
  },
  {
    what: 'one field under two aliases, which is one of height and two at the root',
    text: '{ x: a y: a z: __typename }',
    measures: { depth: 1, height: 2, aliases: 3, root_fields: 3, directives: 0, expanded_selections: 3 },
  },
  {
    what: 'inline fragments, which have no depth of their own',
    text: '{ ... @include(if: true) { ... on T { a @skip(if: false) { b } } } }',
    measures: { depth: 2, height: 2, aliases: 0, root_fields: 1, directives: 2, expanded_selections: 4 },
  },
  {
    what: 'a fragment spread twice, which counts twice',
    text: '{ a { ...F } b { ...F } } fragment F on T { x: c @skip(if: false) { d } }',
    measures: { depth: 3, height: 6, aliases: 2, root_fields: 2, directives: 2, expanded_selections: 8 },
  },
  {
    what: 'directives of operations, variables, fragments and spreads',
    text: 'query ($v: Int @d) @d @d { ...F @d } fragment F on T @d { a }',
    measures: { depth: 1, height: 1, aliases: 0, root_fields: 1, directives: 5, expanded_selections: 2 },
  },
  {
    what: 'the largest of several operations',
    text: 'query A { a } query B { a { b } c }',
    measures: { depth: 2, height: 3, aliases: 0, root_fields: 2, directives: 0, expanded_selections: 3 },
  },
  {
    what: 'fragments in a circle, which validation refuses',
    text: '{ ...A } fragment A on T { a { ...B } } fragment B on T { b { ...A } }',
    measures: { depth: 2, height: 2, aliases: 0, root_fields: 1, directives: 0, expanded_selections: 5 },
  },
  {
    what: 'a fragment that is not there, which validation refuses',
    text: '{ ...A }',
    measures: { depth: 0, height: 0, aliases: 0, root_fields: 0, directives: 0, expanded_selections: 1 },
  },
];

describe('limit: measures', () => {
  test.each(documents)('of $what', ({ text, measures }) => {
    expect(measuresOf(text)).toEqual(
      Object.fromEntries(Object.entries(measures).map(([quantity, value]) => [`max_${quantity}`, value])),
    );
  });

  test('of a fragment do not depend on where it was met first (GHSA-224p-v68g-5g8f)', () => {
    const deep = `${'{ f '.repeat(14)}{ ...L }${' }'.repeat(14)}`;
    const fragment = `fragment L on T ${'{ f '.repeat(14)}{ id }${' }'.repeat(14)}`;
    expect(measuresOf(`{ a: f { ...L } b: f ${deep} } ${fragment}`).max_depth).toBe(30);
  });

  test.each(['query __schema', 'query IntrospectionQuery'])('of `%s` have no exemption', (name) => {
    // GHSA-733v-p3h5-qpq7: what is named `__schema` cost nothing
    expect(measuresOf(`${name} { ...__schema } fragment __schema on T { a { b } }`).max_depth).toBe(2);
  });

  test('of a fan-out grow beyond every integer and stay numbers (CVE-2025-32033)', () => {
    const links = Array.from(
      { length: 2000 },
      (_, index) => `fragment F${index} on T { a: f { ...F${index + 1} } b: f { ...F${index + 1} } }`,
    );
    const text = `{ ...F0 } ${links.join(' ')} fragment F2000 on T { id }`;
    expect(measuresOf(text)).toEqual({
      max_expanded_selections: Number.POSITIVE_INFINITY,
      max_depth: 2001,
      max_height: Number.POSITIVE_INFINITY,
      max_aliases: Number.POSITIVE_INFINITY,
      max_root_fields: 2,
      max_directives: 0,
    });
  });

  test('of a long chain of fragments take no stack', () => {
    const links = Array.from(
      { length: 30_000 },
      (_, index) => `fragment F${index} on T { ...F${index + 1} }`,
    );
    const text = `{ ...F0 } ${links.join(' ')} fragment F30000 on T { id }`;
    expect(measuresOf(text).max_depth).toBe(1);
  });
});

describe('limit: what is allowed', () => {
  test('is so many and no more', () => {
    const allowed = { ...nothing, ...Object.fromEntries(limits.map(({ setting }) => [setting, 2])) };
    const codes = (text: string): readonly string[] =>
      checkDocument(parse(text), allowed).map(({ limit }) => limit.code);
    expect([codes('{ a { b } }'), codes('{ a b c }'), codes('{ a { b { c } } }')]).toEqual([
      [],
      ['OPERATION_TOO_COMPLEX', 'MAX_HEIGHT_LIMIT', 'MAX_ROOT_FIELDS_LIMIT'],
      ['OPERATION_TOO_COMPLEX', 'MAX_DEPTH_LIMIT', 'MAX_HEIGHT_LIMIT'],
    ]);
  });

  test('is anything where no limit is set', () => {
    const { max_height: _, ...rest } = nothing;
    expect(checkDocument(parse('{ a }'), rest).map(({ limit }) => limit.setting)).not.toContain('max_height');
  });
});
