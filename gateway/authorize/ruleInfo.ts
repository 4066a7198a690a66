import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getArgumentValues,
  isInterfaceType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql';

/** What the operation of a question lends to the `info` of rules. */
export interface InfoSource {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode | undefined;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The arguments and the `info` of one call of a rule. */
export interface RuleInput {
  readonly args: unknown;
  /** A `GraphQLResolveInfo` as far as there is one before execution: `path` is that of the field alone. */
  readonly info: unknown;
}

/**
 * What a rule is given of its field.
 * @param field the client's selection; `undefined` where the field is read for another one, or for introspection
 * @throws GraphQLError when an argument has no value that it may have
 */
export function ruleInput(coordinate: string, field: FieldNode | undefined, source: InfoSource): RuleInput {
  const { schema, operation, fragments, variables } = source;
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const parentType = schema.getType(typeName);
  const definition =
    isObjectType(parentType) || isInterfaceType(parentType) ? parentType.getFields()[fieldName] : undefined;
  const node: FieldNode = field ?? {
    kind: 'Field' as never,
    name: { kind: 'Name' as never, value: fieldName },
  };
  return {
    // a field that clients do not see has no arguments that they could give
    args: definition === undefined ? {} : getArgumentValues(definition, node, variables),
    info: {
      fieldName,
      fieldNodes: field === undefined ? [] : [field],
      returnType: definition?.type,
      parentType,
      path: { prev: undefined, key: field?.alias?.value ?? fieldName, typename: typeName },
      schema,
      fragments,
      rootValue: undefined,
      operation,
      variableValues: variables,
    },
  };
}

/** What a rule tried to read before it was there. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

function unreadable(message: string): object {
  return new Proxy(Object.freeze({}), {
    get(_target, key) {
      // what asks whether it is a promise, or how to print it, reads nothing
      if (typeof key === 'symbol' || ['then', 'toJSON', 'constructor'].includes(key)) return undefined;
      throw new UnreadableError(message);
    },
  });
}

/** The parent that a rule gets before anything is fetched: it denies when it reads of it. */
export const unreadableParent = unreadable(
  'The rule reads its parent, which is not fetched yet. Name what it reads: `rule({ cache: "strict", fragment: "fragment F on User { id }" })`.',
);

/** The arguments of a field that nobody asks for. */
export const unreadableArguments = unreadable('The rule reads arguments, and there are none.');

/** The parent of root fields. */
export const rootParent = Object.freeze({});
