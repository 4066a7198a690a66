import { Kind, type ObjectFieldNode, type ValueNode } from 'graphql';
import type { CostSchema, InputCost } from './costSchema.ts';
import { type CostInputs, evaluate, sum, type Term } from './term.ts';

/**
 * What a value given to an argument costs: an input object 1 or its `@cost`, and its fields; a list the `@cost` of the
 * argument, and its items; another value the `@cost` of the argument or of its type; `null` and what is absent nothing.
 *
 * @param defaults the values that variables have when the client sends none
 */
export function argumentCost(
  node: ValueNode,
  input: InputCost,
  { schema, defaults }: { schema: CostSchema; defaults: ReadonlyMap<string, ValueNode> },
): Term {
  const inner = (value: ValueNode, of: InputCost): Term => argumentCost(value, of, { schema, defaults });
  const type = schema.types.get(input.typeName);
  switch (node.kind) {
    case Kind.NULL:
      return 0;
    case Kind.VARIABLE:
      return variableCost(node.name.value, input, { schema, absent: defaults.get(node.name.value), inner });
    case Kind.LIST:
      return sum([input.weight ?? 0, ...node.values.map((value) => inner(value, input))]);
    case Kind.OBJECT: {
      // an object given to a scalar such as JSON is one value
      if (type?.kind !== 'input') return leafWeight(input, schema);
      const fields = node.fields.map((field: ObjectFieldNode): Term => {
        const of = type.inputFields.get(field.name.value);
        return of === undefined ? 0 : inner(field.value, of);
      });
      return sum([input.weight ?? 1, ...fields]);
    }
    default:
      return leafWeight(input, schema);
  }
}

interface OfVariable {
  readonly schema: CostSchema;
  readonly absent: ValueNode | undefined;
  readonly inner: (value: ValueNode, of: InputCost) => Term;
}

function variableCost(name: string, input: InputCost, { schema, absent, inner }: OfVariable): Term {
  if (schema.types.get(input.typeName)?.kind !== 'input' && leafWeight(input, schema) === 0) return 0;
  const whenAbsent = absent === undefined ? 0 : inner(absent, input);
  return (inputs: CostInputs) =>
    Object.hasOwn(inputs.variables, name)
      ? valueCost(inputs.variables[name], input, schema)
      : evaluate(whenAbsent, inputs);
}

function valueCost(value: unknown, input: InputCost, schema: CostSchema): number {
  if (value === null || value === undefined) return 0;
  if (Array.isArray(value)) {
    let cost = input.weight ?? 0;
    for (const item of value) cost += valueCost(item, input, schema);
    return cost;
  }
  const type = schema.types.get(input.typeName);
  if (type?.kind !== 'input' || typeof value !== 'object') return leafWeight(input, schema);
  let cost = input.weight ?? 1;
  for (const key of Object.keys(value)) {
    const of = type.inputFields.get(key);
    if (of !== undefined) cost += valueCost((value as Record<string, unknown>)[key], of, schema);
  }
  return cost;
}

function leafWeight(input: InputCost, schema: CostSchema): number {
  return input.weight ?? schema.types.get(input.typeName)?.weight ?? 0;
}
