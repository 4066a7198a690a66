import { describe, expect, test } from '@jest/globals';
import { buildSchema, type FragmentDefinitionNode, Kind, parse } from 'graphql';
import { collectFields, fragmentApplies } from '../../gateway/operation/collectFields.ts';

const schema = buildSchema(`
  type Query { item: Item }
  interface Item { name: String }
  interface Sold implements Item { name: String  price: Int }
  type Book implements Item & Sold { name: String  price: Int  author: Author }
  type Film implements Item { name: String }
  type Author { name: String  born: Int }
  union Shown = Book | Film
`);

/** Response keys with the fields that each stands for, of an operation's selections on a type. */
function collected(typeName: string, document: string): Record<string, string[]> {
  const { definitions } = parse(document);
  const fragments = new Map(
    definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
  );
  const type = schema.getType(typeName);
  const [operation] = definitions;
  if (type === undefined || operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(document);
  const fields = collectFields([operation.selectionSet], {
    fragments,
    isIncluded: ({ directives }) => directives?.length === 0,
    applies: fragmentApplies(schema, type),
  });
  return Object.fromEntries(
    Array.from(fields, ([key, nodes]) => [
      key,
      nodes.map(({ name, selectionSet }) => `${name.value}${selectionSet === undefined ? '' : '{}'}`),
    ]),
  );
}

/** GraphQL specification, §6.3.2 `CollectFields` and `DoesFragmentTypeApply`. */
describe('operation: collected fields', () => {
  test('stand under their response keys, those of one key together, in the order of the first', () => {
    expect(collected('Book', '{ b: price author { name } a: name ... { author { born } } price }')).toEqual({
      b: ['price'],
      author: ['author{}', 'author{}'],
      a: ['name'],
      price: ['price'],
    });
    expect(Object.keys(collected('Book', '{ b: price a: name b: price }'))).toEqual(['b', 'a']);
  });

  test.each([
    ['Book', ['book', 'item', 'sold', 'shown', 'plain']],
    ['Film', ['item', 'shown', 'plain']],
    ['Sold', ['item', 'sold', 'plain']],
    ['Author', ['plain']],
  ])('fragments apply to %s by their types', (type, keys) => {
    const found = collected(
      type,
      `{ ...Book ... on Item { item: name } ... on Sold { sold: name } ... on Shown { shown: __typename } ... { plain: __typename } ...Gone }
      fragment Book on Book { book: name }`,
    );
    expect(Object.keys(found)).toEqual(keys);
  });

  test('what is not included is not there, with all that is in it', () => {
    expect(
      collected('Book', '{ name @skip(if: true) price ... on Book @include(if: false) { author { name } } }'),
    ).toEqual({ price: ['price'] });
  });
});
