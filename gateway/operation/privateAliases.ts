import type { GraphQLSchema } from 'graphql';
import { isInterfaceType, isObjectType } from 'graphql';

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

/** Variables that the planner writes into fetches of entities. */
const PLANNER_VARIABLE = /^(representations$|__batch_reps)/;

/** @param schema the API schema; the prefix is lengthened until no field begins with it */
export function privateAliasesFor(schema: GraphQLSchema): PrivateAliases {
  let prefix = '_t_';
  const fieldNames = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) ? Object.keys(type.getFields()) : [],
  );
  while (fieldNames.some((name) => name.startsWith(prefix))) prefix = `_t${prefix}`;
  return {
    keyOf: (fieldName, alias) => (alias === undefined || alias === fieldName ? fieldName : prefix + alias),
    responseKeyOf: (key) => (key.startsWith(prefix) ? key.slice(prefix.length) : key),
    plannedVariableOf: (name) =>
      PLANNER_VARIABLE.test(name) || name.startsWith(prefix) ? prefix + name : name,
    variableOf: (plannedName) =>
      plannedName.startsWith(prefix) ? plannedName.slice(prefix.length) : plannedName,
  };
}
