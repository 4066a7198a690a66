import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  parse,
  type SelectionSetNode,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql';
import type { SecurityDirectives } from '../supergraph/securityDirectives.ts';

/** Fields that the gateway reads for another one, by the coordinate of that: `Product.margin` → `Product.cost`. */
export type RequiredCoordinates = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Reads `@requires` and `@fromContext` of the supergraph: what their field answers tells of the fields that they read, so
 * that whoever may not see those may not see it.
 * Source: join specification v0.5, `join__field(requires:, contextArguments:)`; GHSA-m8jr-fxqx-8xx6.
 */
export function requiredCoordinates(
  supergraph: DocumentNode,
  names: SecurityDirectives,
): RequiredCoordinates {
  const types = new Map<string, ReadonlyMap<string, FieldDefinitionNode>>();
  const contexts = new Map<string, Set<string>>();
  const members = new Map<string, readonly string[]>();
  for (const definition of supergraph.definitions) {
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      members.set(
        definition.name.value,
        (definition.types ?? []).map(({ name }) => name.value),
      );
    }
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INTERFACE_TYPE_DEFINITION &&
      definition.kind !== Kind.UNION_TYPE_DEFINITION
    ) {
      continue;
    }
    const fields = 'fields' in definition ? (definition.fields ?? []) : [];
    types.set(definition.name.value, new Map(fields.map((field) => [field.name.value, field])));
    for (const directive of definition.directives ?? []) {
      if (!names.context.has(directive.name.value)) continue;
      const context = textArgument(directive, 'name');
      contexts.set(context, new Set([...(contexts.get(context) ?? []), definition.name.value]));
    }
  }

  const required = new Map<string, Set<string>>();
  const collect = (selectionSet: SelectionSetNode, typeName: string, into: Set<string>): void => {
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet, selection.typeCondition?.name.value ?? typeName, into);
      } else if (selection.kind === Kind.FIELD) {
        const field = types.get(typeName)?.get(selection.name.value);
        if (field === undefined) continue;
        into.add(`${typeName}.${selection.name.value}`);
        if (selection.selectionSet !== undefined)
          collect(selection.selectionSet, namedType(field.type), into);
      }
    }
  };

  for (const [typeName, fields] of types) {
    for (const [fieldName, { directives = [] }] of fields) {
      const found = new Set<string>();
      for (const directive of directives) {
        if (directive.name.value !== 'join__field') continue;
        const requires = textArgument(directive, 'requires');
        if (requires !== '') collect(selectionSetOf(`{ ${requires} }`), typeName, found);
        for (const { context, selection } of contextArguments(directive)) {
          for (const setter of contexts.get(context) ?? []) {
            for (const type of [setter, ...(members.get(setter) ?? [])]) {
              collect(selectionSetOf(selection), type, found);
            }
          }
        }
      }
      if (found.size > 0) required.set(`${typeName}.${fieldName}`, found);
    }
  }
  return required;
}

function textArgument(directive: ConstDirectiveNode, argument: string): string {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING ? value.value : '';
}

function contextArguments(directive: ConstDirectiveNode): { context: string; selection: string }[] {
  const node = directive.arguments?.find(({ name }) => name.value === 'contextArguments')?.value;
  const value: unknown = node === undefined ? [] : valueFromASTUntyped(node);
  return (Array.isArray(value) ? value : []).flatMap((each: Record<string, unknown> | null) =>
    typeof each?.context === 'string' && typeof each.selection === 'string'
      ? [{ context: each.context, selection: each.selection }]
      : [],
  );
}

/** A context's selection may begin with fragments on its types: ` ... on A { a } ... on B { b }`. */
function selectionSetOf(text: string): SelectionSetNode {
  const [definition] = parse(text.trim().startsWith('{') ? text : `{ ${text} }`, {
    noLocation: true,
  }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${text} is no selection of fields.`);
  return definition.selectionSet;
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
