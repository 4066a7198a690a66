import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildSchema,
  type ExecutionResult,
  execute,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Random, seededRandom } from '../differential/random.ts';
import { enginesUnderTest } from '../support/federationCase.ts';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubResolvers, type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

/*
 * Random operations with random denials. The reference is graphql-js: over one schema with the same data, a resolver of a
 * denied field throws, and the specification says what becomes of the answer. Which fields are denied travels in a header,
 * so that one gateway serves all cases; half of the denied fields are denied by the parent only, to every second object.
 */

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';
const shared = `
  interface Thing { id: ID! name: String size: Int! friend: Thing }
  union Found = A | B | C`;
const first = `
  type Query { a: A as: [A!]! things: [Thing!] thing: Thing maybe: [Thing] found: [Found!]! deep: [[A!]] sure: B! }
  type A implements Thing KEY { id: ID! name: String size: Int! friend: Thing bs: [B!]! only: Int! SECOND_A }
  type B implements Thing KEY { id: ID! name: String size: Int! friend: A a: A text: String! SECOND_B }
  type C implements Thing { id: ID! name: String size: Int! friend: B n: Int! cs: [C] }`;
const secondA = 'score: Int! best: B notes: [String!]';
const secondB = 'score: Int! total: Int peers: [B!]';
const firstSdl = `${link}${shared}${first}`
  .replaceAll('KEY', '@key(fields: "id")')
  .replace('SECOND_A', '')
  .replace('SECOND_B', '');
const secondSdl = `${link}
  type A @key(fields: "id") { id: ID! ${secondA} }
  type B @key(fields: "id") { id: ID! ${secondB} }`;
const whole = buildSchema(
  `${shared}${first}`.replaceAll('KEY', '').replace('SECOND_A', secondA).replace('SECOND_B', secondB),
);

/** Objects are made of their id: `A3`. Every fifth nullable value is null. */
type Thing = Readonly<Record<string, unknown>> & { readonly id: string };
const numberOf = (id: string): number => Number(id.slice(1));
const thing = (typename: string, number: number): Thing => ({
  __typename: typename,
  id: `${typename}${number % 7}`,
});
const valuesOf: Record<string, Record<string, (n: number) => unknown>> = {
  Query: {
    a: () => thing('A', 1),
    as: () => [thing('A', 0), thing('A', 1), thing('A', 2)],
    things: () => [thing('A', 3), thing('B', 2), thing('C', 1)],
    thing: () => thing('C', 4),
    maybe: () => [null, thing('B', 1), thing('C', 2), thing('A', 5)],
    found: () => [thing('B', 3), thing('C', 5), thing('A', 6)],
    deep: () => [[thing('A', 1), thing('A', 4)], null, []],
    sure: () => thing('B', 6),
  },
  A: {
    name: (n) => (n % 5 === 0 ? null : `a${n}`),
    size: (n) => n,
    friend: (n) => (n % 5 === 1 ? null : thing(['A', 'B', 'C'][n % 3] ?? 'A', n + 1)),
    bs: (n) => [thing('B', n), thing('B', n + 2)],
    only: (n) => n * 2,
    score: (n) => n * 3,
    best: (n) => (n % 5 === 2 ? null : thing('B', n + 3)),
    notes: (n) => [`n${n}`, 'x'],
  },
  B: {
    name: (n) => `b${n}`,
    size: (n) => n,
    friend: (n) => thing('A', n + 1),
    a: (n) => (n % 5 === 3 ? null : thing('A', n + 4)),
    text: (n) => `t${n}`,
    score: (n) => n * 4,
    total: (n) => n * 5,
    peers: (n) => [thing('B', n + 1), thing('B', n + 5)],
  },
  C: {
    name: () => null,
    size: (n) => n,
    friend: (n) => thing('B', n + 1),
    n: (n) => n,
    cs: (n) => [thing('C', n + 1), null],
  },
};

function resolversOf(names: readonly string[], fields?: readonly string[]): StubResolvers {
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...(name === 'Query' || name === 'C'
          ? {}
          : { __resolveReference: ({ id }: Thing) => thing(name, numberOf(id)) }),
        ...Object.fromEntries(
          Object.entries(valuesOf[name] ?? {})
            .filter(([field]) => fields === undefined || fields.includes(field))
            .map(([field, value]) => [field, (parent: Thing) => value(numberOf(parent?.id ?? 'Q0'))]),
        ),
      },
    ]),
  ) as StubResolvers;
}

interface Denied {
  /** To everybody. */
  readonly always: readonly string[];
  /** Of objects with an odd number. */
  readonly ofOdd: readonly string[];
}

const permissions = `
import { and, rule } from 'graphql-shield';
const listed = (context: any, name: string, info: any) =>
  String(context.headers[name] ?? '').split(',').includes(info.parentType.name + '.' + info.fieldName);
const byPrincipal = rule('byPrincipal')((_parent: unknown, _args: unknown, context: any, info: any) => !listed(context, 'x-always', info));
const byParent = (type: string) => rule('byParent', { cache: 'strict', fragment: \`fragment F on \${type} { id }\` })(
  async (parent: any, _args: unknown, context: any, info: any) => !listed(context, 'x-of-odd', info) || Number(parent.id.slice(1)) % 2 === 0);
export const permissions = {
  Query: byPrincipal,
  A: { '*': and(byPrincipal, byParent('A')) },
  B: { '*': and(byPrincipal, byParent('B')) },
  C: { '*': and(byPrincipal, byParent('C')) },
};`
  // a rule on a type as a whole lets lists leave its objects out, which the specification does not know
  .replaceAll(/\{ '\*': (and\(byPrincipal, byParent\('(\w)'\)\)) \}/g, (_all, each: string, type: string) => {
    const fields = Object.keys((whole.getType(type) as unknown as { getFields(): object }).getFields());
    return `{ ${fields.map((field) => `${field}: ${each}`).join(', ')} }`;
  })
  .replace('Query: byPrincipal', () => {
    const fields = Object.keys(whole.getQueryType()?.getFields() ?? {});
    return `Query: { ${fields.map((field) => `${field}: byPrincipal`).join(', ')} }`;
  });

/** What the specification makes of it. */
function expectedAnswer(
  query: string,
  variables: Record<string, unknown>,
  { always, ofOdd }: Denied,
): ExecutionResult {
  return execute({
    schema: whole,
    document: parse(query),
    variableValues: variables,
    fieldResolver: (parent: Thing | undefined, _args, _context, { parentType, fieldName }) => {
      const coordinate = `${parentType.name}.${fieldName}`;
      const number = numberOf(parent?.id ?? 'Q0');
      if (always.includes(coordinate) || (ofOdd.includes(coordinate) && number % 2 === 1))
        throw new Error('denied');
      return fieldName === 'id' ? parent?.id : valuesOf[parentType.name]?.[fieldName]?.(number);
    },
  }) as ExecutionResult;
}

const names = ['A', 'B', 'C', 'Thing', 'Found'] as const;

/** A random operation: nested fragments, aliases, conditions, lists of interfaces and unions. */
function randomOperation(random: Random): string {
  const fragments: string[] = [];
  const fragmentTypes: string[] = [];
  const condition = (): string =>
    random.chance(0.15)
      ? random.pick([' @include(if: $t)', ' @include(if: $f)', ' @skip(if: $f)', ' @skip(if: true)'])
      : '';
  const overlaps = (type: GraphQLCompositeType, other: GraphQLCompositeType): boolean => {
    const possible = (each: GraphQLCompositeType) =>
      isAbstractType(each) ? whole.getPossibleTypes(each) : [each];
    return possible(type).some((each) => (possible(other) as readonly unknown[]).includes(each));
  };
  const selections = (type: GraphQLCompositeType, depth: number): string => {
    // fragments nest too, as far below as unions have no fields
    if (depth <= -2) return '__typename';
    const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
    const chosen = Array.from({ length: 1 + random.below(4) }, () => {
      const kind = random.below(10);
      if (kind === 0 && !isRoot(type)) return '__typename';
      if ((kind <= 3 || fields.length === 0) && !isRoot(type)) {
        const known = fragmentTypes.flatMap((name, index) =>
          overlaps(type, whole.getType(name) as GraphQLCompositeType) ? [index] : [],
        );
        if (random.chance(0.4) && known.length > 0) return `...F${random.pick(known)}${condition()}`;
        const others = names.filter((name) => overlaps(type, whole.getType(name) as GraphQLCompositeType));
        const name = random.pick(others);
        return `... on ${name}${condition()} { ${selections(whole.getType(name) as GraphQLCompositeType, depth - 1)} }`;
      }
      const field = random.pick(fields);
      const named = getNamedType(field.type);
      if (isCompositeType(named) && depth <= 0) return '__typename';
      const alias = random.chance(0.3) ? `x_${field.name}: ` : '';
      return `${alias}${field.name}${condition()}${isCompositeType(named) ? ` { ${selections(named, depth - 1)} }` : ''}`;
    });
    return chosen.join(' ');
  };
  for (let index = 0; index < 3; index += 1) {
    const name = random.pick(names);
    fragments.push(
      `fragment F${index} on ${name} { ${selections(whole.getType(name) as GraphQLCompositeType, 1)} }`,
    );
    fragmentTypes.push(name);
  }
  const query = whole.getQueryType();
  if (query === null || query === undefined) throw new Error('The schema has no queries.');
  const body = selections(query, 3);
  const used = new Set<number>();
  const use = (text: string): void => {
    for (const [, index] of text.matchAll(/\.\.\.F(\d)/g)) {
      if (used.has(Number(index))) continue;
      used.add(Number(index));
      use(fragments[Number(index)] ?? '');
    }
  };
  use(body);
  const all = [`{ ${body} }`, ...[...used].map((index) => fragments[index] ?? '')].join(' ');
  const variables = ['t', 'f'].filter((name) => all.includes(`$${name}`)).map((name) => `$${name}: Boolean!`);
  return `query${variables.length > 0 ? ` (${variables.join(', ')})` : ''} ${all}`;
}

const isRoot = (type: GraphQLCompositeType): boolean => type === whole.getQueryType();

function randomDenied(random: Random, query: string): Denied {
  const found = new Set<string>();
  const types = new TypeInfo(whole);
  visit(
    parse(query),
    visitWithTypeInfo(types, {
      Field({ name }) {
        const parent = types.getParentType();
        if (parent === null || parent === undefined || name.value.startsWith('__')) return;
        const possible = isAbstractType(parent) ? whole.getPossibleTypes(parent) : [parent];
        for (const type of possible) if (isObjectType(type)) found.add(`${type.name}.${name.value}`);
      },
    }),
  );
  const always: string[] = [];
  const ofOdd: string[] = [];
  for (const coordinate of found) {
    const drawn = random.below(100);
    if (drawn < 12) always.push(coordinate);
    else if (drawn < 24 && !coordinate.startsWith('Query.')) ofOdd.push(coordinate);
  }
  return { always, ofOdd };
}

/** Denied coordinates that a subgraph was asked for: object types by what their place can be. */
function askedThoughDenied(body: string, always: readonly string[], schema: GraphQLSchema): string[] {
  const { query } = JSON.parse(body) as { query: string };
  const types = new TypeInfo(schema);
  const asked: string[] = [];
  visit(
    parse(query),
    visitWithTypeInfo(types, {
      Field({ name, alias }) {
        const parent = types.getParentType();
        // keys and what rules read are asked for under the gateway's own names, or without one
        const isOwn = name.value === 'id' || /^_/.test(alias?.value ?? '');
        if (isObjectType(parent) && !isOwn && always.includes(`${parent.name}.${name.value}`)) {
          asked.push(`${parent.name}.${name.value}`);
        }
      },
    }),
  );
  return asked;
}

const CASES = 100;

describe.each(enginesUnderTest)('security: random operations and denials (%s)', (engine) => {
  const stubs: StubSubgraph[] = [];
  let gateway: GatewayUnderTest;

  beforeAll(async () => {
    const firstFields = ['name', 'size', 'friend', 'bs', 'only', 'a', 'text', 'n', 'cs'];
    stubs.push(
      await startStubSubgraph('first', firstSdl, {
        ...resolversOf(['Query']),
        ...resolversOf(['A', 'B', 'C'], firstFields),
      }),
      await startStubSubgraph(
        'second',
        secondSdl,
        resolversOf(['A', 'B'], ['score', 'best', 'notes', 'total', 'peers']),
      ),
    );
    gateway = await startGateway({
      subgraphs: stubs,
      files: { 'permissions.ts': permissions },
      settings: {
        engine,
        permissions: 'permissions.ts',
        query_planning: { timeout_ms: 10_000 },
        limits: { max_aliases: 1_000, max_directives: 1_000 },
        authorization: { errors: { log: false } },
      },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all(stubs.map((stub) => stub.close()));
  });

  test(`answer as the specification says, and ask for nothing that is denied (${CASES} of them)`, async () => {
    const wrong: unknown[] = [];
    const counts = { cases: 0, denials: 0, told: 0 };
    for (let seed = 1; seed <= CASES; seed += 1) {
      const random = seededRandom(seed);
      const query = randomOperation(random);
      if (validate(whole, parse(query)).length > 0) continue;
      const denied = randomDenied(random, query);
      const variables = { t: true, f: false };
      const expected = expectedAnswer(query, variables, denied);
      const seen = stubs.map(({ requests }) => requests.length);
      const answer = (await gateway.answerTo(
        { query, variables },
        { 'x-always': denied.always.join(), 'x-of-odd': denied.ofOdd.join() },
      )) as ExecutionResult;
      counts.cases += 1;
      counts.denials += denied.always.length + denied.ofOdd.length;
      counts.told += expected.errors?.length ?? 0;
      const told = new Set((answer.errors ?? []).map(({ path }) => (path ?? []).join('.')));
      const untold = (expected.errors ?? [])
        .map(({ path }) => (path ?? []).map((key) => (typeof key === 'number' ? '@' : key)).join('.'))
        .filter((path) => !told.has(path));
      const asked = stubs.flatMap(({ requests, sdl }, index) =>
        requests
          .slice(seen[index])
          .flatMap(({ body }) => askedThoughDenied(body, denied.always, subgraphSchema(sdl))),
      );
      const isSame = JSON.stringify(answer.data) === JSON.stringify(expected.data);
      if (!isSame || untold.length > 0 || asked.length > 0) {
        wrong.push({ seed, query, denied, answer, expected: expected.data, untold, asked });
      }
    }
    expect(wrong.slice(0, 2)).toEqual([]);
    // were operations not valid, or nothing denied, all of it would hold
    expect(counts.cases > CASES * 0.8 && counts.denials > CASES && counts.told > CASES).toBe(true);
  }, 120_000);
});

const schemas = new Map<string, GraphQLSchema>();
function subgraphSchema(sdl: string): GraphQLSchema {
  let schema = schemas.get(sdl);
  if (schema === undefined) {
    const types = sdl.replace(/extend schema[^\n]*\n?/, '').replaceAll(/@key\([^)]*\)/g, '');
    const roots = types.includes('type Query')
      ? types.replace(
          'type Query {',
          'scalar _Any union _Entity = A | B type Query { _entities(representations: [_Any!]!): [_Entity]! ',
        )
      : `scalar _Any union _Entity = A | B type Query { _entities(representations: [_Any!]!): [_Entity]! } ${types}`;
    schema = buildSchema(roots);
    schemas.set(sdl, schema);
  }
  return schema;
}
