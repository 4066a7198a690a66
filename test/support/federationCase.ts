import { afterAll, beforeAll, test as jestTest } from '@jest/globals';
import { type DirectiveNode, Kind, parse, valueFromASTUntyped, visit } from 'graphql';
import { type GatewayUnderTest, startGateway } from './runningGateway.ts';
import {
  type StubRequest,
  type StubResolvers,
  type StubSubgraph,
  startStubSubgraph,
} from './stubSubgraph.ts';

/** The engines that every case runs over: the values of the setting `engine`. */
export const enginesUnderTest: readonly EngineUnderTest[] = ['apollo', 'compiled'];

export type EngineUnderTest = 'apollo' | 'compiled';

/**
 * Cases that the stock engine is known to fail, by name, with what it does instead. They must fail on it: one that starts
 * to pass leaves the table.
 */
export const knownStockDifferences: Readonly<Record<string, string>> = {
  ...because('asks for the requiring field in the request that fetches the entity it requires a field of', [
    'four hops between the two subgraphs',
    'all hops of the circle in one operation',
  ]),
  ...because(
    'gives the representation whichever value of the required field came last, whatever its arguments',
    [
      'the client asks for the same field with other arguments',
      'the client asks for the same field with an argument from a variable',
      'two requiring fields that differ in the argument are each given their value',
      'three requiring fields and the client differ in the argument',
      'the client asks for another part of the list that is required',
      'a variable with a default gives the length of a list that is required too',
      'two requiring fields need different parts of one list',
    ],
  ),
  ...because('asks only for the members that every subgraph with the value type knows', [
    'below a value type of both, the members of the first',
    'below a value type of both, the members of the second',
    'a member and what it leads to, in the subgraph that knows them',
    'a member that the subgraph does not know is not in its document',
    'fields of both subgraphs give the members of each',
    'a list of parents, with lists that are empty and a null',
    'a variable that only an unknown member uses is not declared',
  ]),
  ...because('has no executable directive of a linked specification in its API schema', [
    'a composed directive, with and without its argument',
  ]),
  ...because('says nothing of a field that it found no way to', [
    'a field that no plan leads to is an error',
  ]),
  ...because('puts a field of the client and its own under one response key, the alias of the client', [
    'an alias equal to the key',
    'an alias equal to the key, with the key under another alias',
    'an alias equal to the key, of another type',
    'an alias equal to a required field',
    'an alias equal to a required object',
    'an alias equal to a field inside a required object',
    '`__typename` as an alias',
    '`__typename` as an alias of a number, with the type under another alias',
    '`__typename` as an alias in a member of a union',
    'aliases of nested key fields, crossed',
    'an alias equal to the object of a nested key',
    'the client has the names of required fields as aliases, type by type',
    'the same under aliases that are the names of the chain',
  ]),
  ...because('declares its own variable under the name of the client’s', [
    '`representations` as a variable of the client',
  ]),
  ...because('takes the subgraph’s name of a root type for that of the client', [
    'the root type below a field is called as clients know it',
    'the root type below a field leads to the root fields of other subgraphs',
  ]),
  ...because('makes no representation of an entity that lacks what a left out field requires', [
    'a left out field with @requires leaves its neighbours alone',
  ]),
  ...because('fails where introspection stands under a condition', ['in a fragment, under a condition']),
  ...because('reports violations in `extensions.valueCompletion`, and only where no subgraph has an error', [
    'an entity that is not found violates its non-null field, with one error',
    'each violation has its error, those of subgraphs and of the gateway alike',
    'a violation of a nullable parent is one error without an error of a subgraph',
    'an inaccessible value where none may be null is an error that does not name it',
  ]),
  ...because('never gives its planner the labels that hold: the field stays with the old subgraph', [
    'percent(100) resolves the field in the new subgraph',
    'percent(100) needs no second request from the new subgraph',
  ]),
};

/** The same of the compiled engine: none. */
export const knownCompiledDifferences: Readonly<Record<string, string>> = {};

const knownDifferences = { apollo: knownStockDifferences, compiled: knownCompiledDifferences };

function because(reason: string, cases: readonly string[]): Record<string, string> {
  return Object.fromEntries(cases.map((name) => [name, reason]));
}

/** Head of a Federation 2 subgraph's SDL: without it, composition reads Federation 1. */
export const federation2 = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
  "@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject"
])`;

/** A subgraph of a case. Its resolvers may name the parent values and arguments they expect. */
export interface CaseSubgraph {
  readonly sdl: string;
  readonly resolvers?: Readonly<
    Record<string, Readonly<Record<string, (...parameters: never[]) => unknown>>>
  >;
}

/** An error of an answer, as far as specifications fix it. */
export interface AnsweredError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly AnsweredError[];
}

/** What an operation was answered with, and what the gateway asked subgraphs for it. */
export interface CaseExchange {
  readonly answer: Answer;
  /** The body of the answer, for what JSON values cannot tell: the order of keys, a key `__proto__`. */
  readonly text: string;
  /** Names of the subgraphs asked, one a request, sorted. */
  readonly asked: readonly string[];
  /** Paths of the errors as text, sorted: `tours.0.guide`. */
  readonly errorPaths: readonly string[];
  /** Names of the fields that a subgraph had to resolve, sorted, without `__typename` and `_entities`. */
  fieldsAskedOf(subgraph: string): readonly string[];
  /** The documents that a subgraph was sent. */
  documentsSentTo(subgraph: string): readonly string[];
  /** The variables that a subgraph was sent, one element a request. */
  variablesSentTo(subgraph: string): readonly Readonly<Record<string, unknown>>[];
  /** The representations that a subgraph was sent, in the order of the requests. */
  representationsSentTo(subgraph: string): readonly Readonly<Record<string, unknown>>[];
}

export interface CaseRequest {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

export interface FederatedGraph {
  /** Sends an operation through the gateway's HTTP endpoint. One at a time: requests are told apart by when they come. */
  ask(query: string, request?: CaseRequest): Promise<CaseExchange>;
  /** The stub of a subgraph, for a case that has it fail. */
  stub(subgraph: string): StubSubgraph;
  /** Jest's `test`; where the case is a known difference of the engine, it must fail. */
  test(name: string, body: () => Promise<void>): void;
}

/**
 * Composes and serves subgraphs for the cases of the `describe` that it is called in.
 *
 * ```ts
 * describe.each(enginesUnderTest)('conformance: keys (%s)', (engine) => {
 *   const { ask, test } = federatedGraph(engine, { tours: { sdl: '…', resolvers: {} } });
 * ```
 */
export function federatedGraph(
  engine: EngineUnderTest,
  subgraphs: Readonly<Record<string, CaseSubgraph>>,
): FederatedGraph {
  const stubs = new Map<string, StubSubgraph>();
  let gateway: GatewayUnderTest | undefined;
  let failure: unknown;

  beforeAll(async () => {
    for (const [name, { sdl, resolvers = {} }] of Object.entries(subgraphs)) {
      stubs.set(name, await startStubSubgraph(name, sdl, resolvers as unknown as StubResolvers));
    }
    gateway = await startGateway({
      subgraphs: [...stubs.values()],
      settings: { engine, include_subgraph_errors: { all: true } },
    }).catch((error: unknown) => {
      // each case fails, instead of the hook: a case that must fail may do so for this
      failure = error;
      return undefined;
    });
  });

  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([...stubs.values()].map((stub) => stub.close()));
  });

  return {
    async ask(query, request = {}) {
      if (gateway === undefined) throw failure;
      const seen = new Map([...stubs.values()].map((stub) => [stub, stub.requests.length]));
      const response = await gateway.ask({ query, ...request });
      const text = await response.text();
      const requests = [...seen].flatMap(([stub, count]) =>
        stub.requests.slice(count).map((sent) => ({ subgraph: stub.name, ...sent })),
      );
      return exchangeOf(text, requests);
    },
    stub(subgraph) {
      const stub = stubs.get(subgraph);
      if (stub === undefined) throw new Error(`The graph has no subgraph ${subgraph}.`);
      return stub;
    },
    test(name, body) {
      if (Object.hasOwn(knownDifferences[engine], name)) {
        jestTest.failing(`${name} [known difference]`, body);
      } else {
        jestTest(name, body);
      }
    },
  };
}

function exchangeOf(
  text: string,
  requests: readonly (StubRequest & { readonly subgraph: string })[],
): CaseExchange {
  const answer = JSON.parse(text) as Answer;
  const sentTo = (subgraph: string): readonly StubRequest[] =>
    requests.filter((request) => request.subgraph === subgraph);
  return {
    answer,
    text,
    asked: requests.map(({ subgraph }) => subgraph).sort(),
    errorPaths: (answer.errors ?? []).map(({ path }) => (path ?? []).join('.')).sort(),
    fieldsAskedOf: (subgraph) => [...new Set(sentTo(subgraph).flatMap(fieldsOf))].sort(),
    documentsSentTo: (subgraph) => sentTo(subgraph).map(({ query }) => query),
    variablesSentTo: (subgraph) => sentTo(subgraph).map(({ variables }) => ({ ...variables })),
    representationsSentTo: (subgraph) => sentTo(subgraph).flatMap(representationsOf),
  };
}

/** What the subgraph executes: selections that `@skip` and `@include` take out are not counted. */
function fieldsOf({ query, variables = {} }: StubRequest): string[] {
  const names: string[] = [];
  visit(parse(query), {
    enter(node) {
      if ('directives' in node && node.directives?.some((directive) => excludes(directive, variables)))
        return false;
      if (node.kind === Kind.FIELD) names.push(node.name.value);
      return undefined;
    },
  });
  return names.filter((name) => name !== '__typename' && name !== '_entities');
}

function excludes(directive: DirectiveNode, variables: Readonly<Record<string, unknown>>): boolean {
  const condition = directive.arguments?.find(({ name }) => name.value === 'if');
  const value = condition && valueFromASTUntyped(condition.value, { ...variables });
  return directive.name.value === 'skip'
    ? value === true
    : directive.name.value === 'include' && value === false;
}

/** Engines name the variable as they like: a list of objects with `__typename` it is by the subgraph specification. */
function representationsOf({ variables }: StubRequest): Record<string, unknown>[] {
  const lists = Object.values(variables ?? {}).filter((value) => Array.isArray(value));
  return lists.flat().filter((item) => typeof item === 'object' && item !== null && '__typename' in item);
}
