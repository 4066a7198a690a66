import { type GraphQLError, type GraphQLSchema, getOperationAST, parse, validate } from 'graphql';
import type {
  Authorization,
  AuthorizationRequest,
  AuthorizerOptions,
} from '../../gateway/authorize/authorization.ts';
import { Authorizer } from '../../gateway/authorize/authorizer.ts';
import { type RuleTable, ruleTable } from '../../gateway/authorize/ruleTable.ts';
import type { ClientRequest } from '../../gateway/http/clientRequest.ts';
import { anonymous, type Principal } from '../../gateway/http/principal.ts';
import { coerceVariables } from '../../gateway/operation/coerceVariables.ts';
import { apiSchemaOf } from '../../gateway/supergraph/apiSchema.ts';
import { securityDirectivesOf } from '../../gateway/supergraph/securityDirectives.ts';
import { clientRequestOf } from '../support/clientRequestOf.ts';

/** Head of a supergraph whose directives have their own names. */
export const securityLinks = `schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
{ query: Query }
`;

export interface Rules {
  readonly permissions?: unknown;
  readonly options?: Parameters<typeof ruleTable>[0]['options'];
  readonly trusted?: readonly string[];
}

/** The table of a supergraph, or what is wrong with its rules. */
export async function tableOf(sdl: string, rules: Rules = {}): Promise<ReturnType<typeof ruleTable>> {
  const supergraph = parse(sdl);
  return ruleTable({
    supergraph,
    schema: await apiSchemaOf(supergraph),
    directives: securityDirectivesOf(supergraph),
    tree: rules.permissions,
    options: rules.options ?? {},
    trusted: new Set(rules.trusted ?? []),
  });
}

export async function validTableOf(sdl: string, rules: Rules = {}): Promise<RuleTable> {
  const table = await tableOf(sdl, rules);
  if ('problems' in table) throw new Error(table.problems.join('\n'));
  return table;
}

export interface AuthorizeOptions {
  readonly principal?: Principal;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly client?: Partial<ClientRequest>;
}

export interface Authorized {
  readonly authorization: Authorization;
  /** The text of what is planned; `undefined` when nothing is left, or the request ended. */
  readonly planned: string | undefined;
  /** Paths of what is denied: `users.@.email`. */
  readonly denied: readonly string[];
  readonly errors: readonly GraphQLError[];
  readonly faults: readonly string[];
}

/** Authorizes operations over a supergraph. */
export function authorizerOf(
  sdl: string,
  rules: Rules = {},
  options: Partial<AuthorizerOptions> = {},
): (query: string, options?: AuthorizeOptions) => Promise<Authorized> {
  const faults: string[] = [];
  let made: Promise<{ schema: GraphQLSchema; authorizer: Authorizer }> | undefined;
  const make = async () => {
    const schema = await apiSchemaOf(parse(sdl));
    const authorizer = new Authorizer({
      schema,
      table: await validTableOf(sdl, rules),
      shieldOptions: rules.options ?? {},
      evaluatePolicies: undefined,
      ruleTimeoutMs: 1000,
      rejectsUnauthorized: false,
      isDryRun: false,
      filtersIntrospection: false,
      onFault: (message, cause) =>
        faults.push(`${message}: ${cause instanceof Error ? cause.message : String(cause)}`),
      ...options,
    });
    return { schema, authorizer };
  };
  const documents = new Map<string, ReturnType<typeof parse>>();
  return async (query, { principal = anonymous, variables = {}, operationName, client } = {}) => {
    made ??= make();
    const { schema, authorizer } = await made;
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    const problems = validate(schema, document);
    if (problems.length > 0) throw new Error(problems.map(String).join('\n'));
    const operation = getOperationAST(document, operationName);
    if (operation === null || operation === undefined) throw new Error('There is no such operation.');
    const { coerced, errors: wrong } = coerceVariables({
      schema,
      definitions: operation.variableDefinitions ?? [],
      variables,
      hidesSuggestions: false,
    });
    if (wrong !== undefined) throw new Error(wrong.map(String).join('\n'));
    const request: AuthorizationRequest = {
      document,
      operation,
      operationName,
      coerced,
      client: clientRequestOf({ principal, ...client }),
    };
    faults.length = 0;
    const authorization = await authorizer.authorize(request);
    const errors = 'errors' in authorization ? authorization.errors : [];
    const permitted = authorization.kind === 'authorized' ? authorization.permitted : undefined;
    if (permitted !== undefined) {
      const wrong = validate(schema, permitted.document);
      if (wrong.length > 0) throw new Error(`What is planned is not valid: ${wrong.map(String).join('\n')}`);
    }
    return {
      authorization,
      planned: permitted?.source.replaceAll(/\s+/g, ' '),
      denied: errors.map(({ path }) => (path ?? []).join('.')),
      errors,
      faults: [...faults],
    };
  };
}

export const userWith = (named: Partial<Principal> = {}): Principal => ({
  kind: 'user',
  id: 'u1',
  scopes: [],
  roles: [],
  claims: {},
  ...named,
});
