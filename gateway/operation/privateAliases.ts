import { type DocumentNode, type GraphQLSchema, isInterfaceType, isObjectType, Kind } from 'graphql';

/**
 * Names for what clients alias. Planners take the value under a key field's name for the key itself, whoever wrote it
 * there: `{ product { cost: weight margin } }` would send the weight as the `cost` that `margin` requires. So no alias of a
 * client leaves the gateway: each gets a prefix that no field has, and the response writes the client's name again.
 */
export interface PrivateAliases {
  /** The key under which a field's value is found in the data. */
  keyOf(fieldName: string, alias: string | undefined): string;
  /** The client's response key for a key of the data. */
  responseKeyOf(key: string): string;
  /** The name of a client's variable in what is planned: another one where the planner has variables of its own. */
  plannedVariableOf(name: string): string;
  /** The client's variable for one of the plan. */
  variableOf(plannedName: string): string;
}

/**
 * Names of fields that some `@requires` gives arguments: `@requires(fields: "price(currency: EUR) weight")`.
 * Source: join specification v0.3, `@join__field(requires:)`.
 */
export function fieldsRequiredWithArguments(supergraph: DocumentNode): ReadonlySet<string> {
  const names = new Set<string>();
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    for (const { directives = [] } of definition.fields ?? []) {
      for (const { name, value } of directives.flatMap((directive) => directive.arguments ?? [])) {
        if (name.value !== 'requires' || value.kind !== Kind.STRING) continue;
        for (const [, field = ''] of value.value.matchAll(/(\w+)\s*\(/g)) names.add(field);
      }
    }
  }
  return names;
}

/** Variables that the planner writes into fetches of entities. */
const PLANNER_VARIABLE = /^(representations$|__batch_reps)/;

/**
 * @param schema the API schema; the prefix is lengthened until no field begins with it
 * @param requiredWithArguments names of such fields (`fieldsRequiredWithArguments`): what a client asks of them is private
 *   without an alias too, as the planner fetches them with other arguments under their own names
 */
export function privateAliasesFor(
  schema: GraphQLSchema,
  requiredWithArguments: ReadonlySet<string>,
): PrivateAliases {
  let prefix = '_t_';
  const fieldNames = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()) : [],
  );
  while (fieldNames.some((name) => name.startsWith(prefix))) prefix = `_t${prefix}`;
  return {
    keyOf: (fieldName, alias = fieldName) =>
      alias === fieldName && !requiredWithArguments.has(fieldName) ? fieldName : prefix + alias,
    responseKeyOf: (key) => (key.startsWith(prefix) ? key.slice(prefix.length) : key),
    plannedVariableOf: (name) =>
      PLANNER_VARIABLE.test(name) || name.startsWith(prefix) ? prefix + name : name,
    variableOf: (plannedName) =>
      plannedName.startsWith(prefix) ? plannedName.slice(prefix.length) : plannedName,
  };
}
