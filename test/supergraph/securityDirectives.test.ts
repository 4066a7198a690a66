import { describe, expect, test } from '@jest/globals';
import { parse, print } from 'graphql';
import { apiSchemaOf } from '../../gateway/supergraph/apiSchema.ts';
import { composeSubgraphs } from '../../gateway/supergraph/composeSubgraphs.ts';
import {
  securityDirectivesOf,
  unknownSecurityOf,
  withoutSecurity,
} from '../../gateway/supergraph/securityDirectives.ts';

function supergraphWith(imports: string, fields: string): ReturnType<typeof parse> {
  const result = composeSubgraphs([
    {
      name: 'accounts',
      url: 'http://127.0.0.1:1/graphql',
      sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}]) type Query { a: Int b: Int ${fields} }`,
    },
  ]);
  if (result.kind === 'failed') throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return parse(result.supergraphSdl);
}

describe('supergraph: directives for security', () => {
  const renamed = supergraphWith(
    '{ name: "@authenticated", as: "@auth" }, "@requiresScopes", { name: "@policy", as: "@rule" }',
    'c: Int @auth d: Int @requiresScopes(scopes: [["x"]]) e: Int @rule(policies: [["p"]])',
  );

  test('are found under the names that composition gives them', () => {
    const { authenticated, requiresScopes, policy } = securityDirectivesOf(renamed);
    expect({
      authenticated: authenticated.has('auth'),
      requiresScopes: requiresScopes.has('requiresScopes'),
      policy: policy.has('rule'),
    }).toEqual({ authenticated: true, requiresScopes: true, policy: true });
  });

  test('leave nothing behind in the supergraph for planners', async () => {
    const text = print(withoutSecurity(renamed));
    expect(text).not.toMatch(/auth|requiresScopes|policy|@rule|Scope|Policy/);
    expect(Object.keys((await apiSchemaOf(parse(text))).getQueryType()?.getFields() ?? {})).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
  });

  test('are not looked for in a supergraph without them: it stays the same object', () => {
    const plain = supergraphWith('"@key"', '');
    expect(withoutSecurity(plain)).toBe(plain);
  });

  test('of a specification that is not known are told', () => {
    const unknown = parse(`schema
      @link(url: "https://specs.apollo.dev/link/v1.0")
      @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
      @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
      @link(url: "https://specs.apollo.dev/policy/v1.0", for: SECURITY)
      @link(url: "https://example.com/vault/v0.1", for: SECURITY)
    { query: Query } type Query { a: Int }`);
    // the next major version of a specification may mean something else
    expect(unknownSecurityOf(unknown, ['inaccessible'])).toEqual(['policy', 'vault']);
  });
});
