import { describe, expect, test } from '@jest/globals';
import { type ExecutionResult, type GraphQLSchema, getOperationAST, parse } from 'graphql';
import { allow, deny } from 'graphql-shield';
import { pino } from 'pino';
import type { BuildEngine, Engine } from '../../gateway/engine.ts';
import { AuthorizedEngines } from '../../gateway/engines/authorizedEngine.ts';
import { apiSchemaOf } from '../../gateway/supergraph/apiSchema.ts';
import { supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { clientRequestOf } from '../support/clientRequestOf.ts';

/** An engine that tells what it was asked for. */
const buildEcho: BuildEngine = async (supergraph) => {
  const apiSchema: GraphQLSchema = await apiSchemaOf(parse(supergraph.sdl));
  return {
    supergraph,
    apiSchema,
    execute: async ({ source }): Promise<ExecutionResult> => ({
      data: { asked: source.replaceAll(/\s+/g, ' ') },
    }),
    plan: async () => supergraph.sdl,
    close: async () => {},
  };
};

function enginesOf(permissions: object): AuthorizedEngines {
  return new AuthorizedEngines(permissions, {
    log: pino({ level: 'silent' }),
    ruleTimeoutMs: 100,
    rejectsUnauthorized: false,
    isDryRun: false,
    errorsIn: 'errors',
    logsDenials: false,
    filtersIntrospection: false,
    trusted: [],
  });
}

async function asked(engine: Engine, source: string): Promise<unknown> {
  const document = parse(source);
  const operation = getOperationAST(document);
  if (operation === null || operation === undefined) throw new Error('There is no operation.');
  const { data } = await engine.execute({
    document,
    operation,
    operationName: undefined,
    source,
    sourceHash: source,
    variables: {},
    coerced: {},
    client: clientRequestOf(),
  });
  return data?.asked;
}

const one = supergraphFromSdl('type Query { a: Int b: Int }');
const two = supergraphFromSdl('type Query { a: Int b: Int c: Int }');

describe('engines: authorized', () => {
  test('rules that are replaced decide from the next request on', async () => {
    const engines = enginesOf({ permissions: { Query: { a: deny } } });
    const engine = await engines.building(buildEcho)(one);
    const before = await asked(engine, '{ a b }');
    engines.replacePermissions({ permissions: { Query: { b: deny } } });
    expect([before, await asked(engine, '{ a b }')]).toEqual(['{ b }', '{ a }']);
  });

  test('rules that do not fit are refused, and decide for the supergraph that they are for', async () => {
    const engines = enginesOf({ permissions: { Query: { a: deny } } });
    const build = engines.building(buildEcho);
    const first = await build(one);
    expect(() => engines.replacePermissions({ permissions: { Query: { c: deny } } })).toThrow(
      'Query.c: the supergraph has no such field',
    );
    const second = await build(two);
    expect([await asked(first, '{ a b }'), await asked(second, '{ a b c }')]).toEqual(['{ b }', '{ a b }']);
  });

  test('a supergraph that rules do not fit is known until one is built', async () => {
    const engines = enginesOf({ permissions: { Query: { c: deny } } });
    const build = engines.building(buildEcho);
    await expect(build(one)).rejects.toMatchObject({ code: 'PERMISSIONS_INVALID' });
    const refused = engines.refusedSupergraph;
    engines.replacePermissions({ permissions: { Query: { a: allow } } });
    await build(one);
    expect([refused, engines.refusedSupergraph]).toEqual([one, undefined]);
  });

  test('a specification for security in another version is refused', async () => {
    const supergraph = supergraphFromSdl(`schema
      @link(url: "https://specs.apollo.dev/link/v1.0")
      @link(url: "https://specs.apollo.dev/authenticated/v1.0", for: SECURITY)
    { query: Query } type Query { a: Int @authenticated }`);
    await expect(enginesOf({}).building(buildEcho)(supergraph)).rejects.toMatchObject({
      code: 'SUPERGRAPH_INVALID',
      message: expect.stringContaining('authenticated'),
    });
  });
});
