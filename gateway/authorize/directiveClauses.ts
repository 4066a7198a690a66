import { type ConstDirectiveNode, type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';
import type { SecurityDirectives } from '../supergraph/securityDirectives.ts';
import type { Clause } from './clause.ts';

/** What the federation directives of a supergraph demand, by type name and by coordinate (`User.email`). */
export interface DirectiveClauses {
  readonly ofType: ReadonlyMap<string, readonly Clause[]>;
  readonly ofField: ReadonlyMap<string, readonly Clause[]>;
}

/**
 * Reads `@authenticated`, `@requiresScopes` and `@policy` of the supergraph SDL: the API schema and the planners do not
 * know them. Composition has joined what the subgraphs say of one coordinate.
 * Source: Apollo Federation directives, "Access control"; on objects, interfaces, scalars, enums and fields.
 */
export function directiveClauses(supergraph: DocumentNode, names: SecurityDirectives): DirectiveClauses {
  const ofType = new Map<string, Clause[]>();
  const ofField = new Map<string, Clause[]>();
  const add = (
    to: Map<string, Clause[]>,
    key: string,
    directives: readonly ConstDirectiveNode[] = [],
  ): void => {
    const clauses = directives.flatMap((directive) => clauseOf(directive, names) ?? []);
    if (clauses.length > 0) to.set(key, [...(to.get(key) ?? []), ...clauses]);
  };
  for (const definition of supergraph.definitions) {
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        add(ofType, definition.name.value, definition.directives);
        for (const field of definition.fields ?? []) {
          add(ofField, `${definition.name.value}.${field.name.value}`, field.directives);
        }
        break;
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION:
        add(ofType, definition.name.value, definition.directives);
        break;
      default:
        break;
    }
  }
  return { ofType, ofField };
}

function clauseOf(directive: ConstDirectiveNode, names: SecurityDirectives): Clause | undefined {
  const name = directive.name.value;
  if (names.authenticated.has(name)) return { kind: 'authenticated' };
  if (names.requiresScopes.has(name)) return { kind: 'scopes', anyOf: alternativesOf(directive, 'scopes') };
  if (names.policy.has(name)) return { kind: 'policies', anyOf: alternativesOf(directive, 'policies') };
  return undefined;
}

/** What cannot be read is a list without alternatives, which nobody meets. */
function alternativesOf(directive: ConstDirectiveNode, argument: string): readonly (readonly string[])[] {
  const node = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  const value: unknown = node === undefined ? undefined : valueFromASTUntyped(node);
  if (!Array.isArray(value)) return [];
  const isNames = (names: unknown): names is string[] =>
    Array.isArray(names) && names.every((name) => typeof name === 'string');
  return value.every(isNames) ? value : [];
}
