import { describe, expect, test } from '@jest/globals';
import { PartialUnions } from '../../gateway/plan/partialUnions.ts';
import { supergraphOf } from '../support/runningGateway.ts';

const head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@shareable"])\n';
const graphOf = (...sdls: string[]): string =>
  supergraphOf(sdls.map((sdl, i) => ({ name: `s${i}`, url: `http://s${i}.example/`, sdl: head + sdl })));

const box = 'type Box @shareable { thing: Thing } type Both @shareable { x: Int }';
const partial = graphOf(
  `type Query { one: Box } ${box} union Thing = Both | One type One { deep(how: How): Deep } type Deep { y: Int } enum How { A B }`,
  `type Query { two: Box } ${box} union Thing = Both | Two type Two { z: Int }`,
);

/** Source of the directives: join specification v0.3. */
describe('plan: unions that subgraphs know in part', () => {
  test('tells the planner that each subgraph knows each member and what it leads to', () => {
    const text = PartialUnions.of(partial)?.supergraphSdl.replaceAll(/\s+/g, ' ') ?? '';
    expect(text).toContain('type One @join__type(graph: S0) @join__type(graph: S1) {');
    expect(text).toContain('type Deep @join__type(graph: S0) @join__type(graph: S1) {');
    expect(text).toContain('A @join__enumValue(graph: S0) @join__enumValue(graph: S1)');
    expect(text).toContain('type Two @join__type(graph: S1) @join__type(graph: S0) {');
    expect(text).toContain('@join__unionMember(graph: S1, member: "One")');
    expect(text).toContain('@join__unionMember(graph: S0, member: "Two")');
  });

  test.each([
    ['every subgraph knows all members', graphOf(`type Query { one: Box } ${box} union Thing = Both`)],
    [
      'no field of two subgraphs gives it',
      graphOf(
        'type Query { one: Thing } union Thing = One type One { x: Int }',
        'type Query { two: Thing } union Thing = Two type Two { x: Int }',
      ),
    ],
  ])('leaves a supergraph as it is where %s', (_why, sdl) => {
    expect(PartialUnions.of(sdl)).toBeUndefined();
  });

  const fetch = (operation: string, variableUsages: readonly string[], serviceName = 's1') => ({
    kind: 'Fetch',
    serviceName,
    operationKind: 'query',
    variableUsages,
    operation,
  });

  test('takes out of a plan what its subgraph does not know, and the variables of it', () => {
    const asked =
      'query($how:How,$b:Boolean!){two{thing{__typename ...on Both{x}...on One{deep(how:$how){y}}}}again:two@skip(if:$b){thing{...on One{deep{y}}}}}';
    const kept =
      'query($b:Boolean!){two{thing{__typename ...on Both{x}}}again:two@skip(if:$b){thing{__typename}}}';
    const known = fetch('{one{thing{...on One{deep{y}}}}}', [], 's0');
    const plan = (operation: string, variables: readonly string[]) => ({
      kind: 'QueryPlan',
      node: {
        kind: 'Sequence',
        nodes: [
          { kind: 'Condition', condition: 'b', ifClause: null, elseClause: fetch(operation, variables) },
          { kind: 'Flatten', path: [{ Field: 'two' }], node: fetch(operation, variables) },
          known,
        ],
      },
    });
    expect(PartialUnions.of(partial)?.withKnownMembers(plan(asked, ['how', 'b']))).toEqual(plan(kept, ['b']));
  });

  test('takes out spreads and their fragments', () => {
    const asked =
      '{one{thing{...F ...G}}} fragment F on Two{z} fragment G on Thing{...F ...H} fragment H on Both{x}';
    const kept = '{one{thing{...G}}}fragment H on Both{x}fragment G on Thing{...H}';
    expect(PartialUnions.of(partial)?.withKnownMembers(fetch(asked, [], 's0'))).toEqual(
      fetch(kept, [], 's0'),
    );
  });
});
