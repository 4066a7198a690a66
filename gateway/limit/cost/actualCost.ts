import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { collectFields } from '../../operation/collectFields.ts';
import { argumentCost } from './argumentCost.ts';
import { isLeftOut, MUTATION_COST } from './costFormula.ts';
import type { CostSchema, FieldCost } from './costSchema.ts';
import { type CostInputs, evaluate, sum, type Term } from './term.ts';

/** Data that an engine has fetched. */
export interface FetchedData {
  readonly data: Readonly<Record<string, unknown>>;
  /** The key in the data under which the engine keeps a field. One function for the life of an engine. */
  readonly keyOf: (fieldName: string, alias: string | undefined) => string;
  /** Objects and lists that stand at several places, with all that is below them. */
  readonly shared: ReadonlySet<unknown>;
}

/** What an operation has cost, by the data that it got. */
export type ActualCost = (data: FetchedData, inputs: CostInputs) => number;

export interface ActualCostOptions {
  readonly schema: CostSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Values that variables have when the client sends none. */
  readonly defaults: ReadonlyMap<string, ValueNode>;
  readonly keyOf: FetchedData['keyOf'];
}

/**
 * Compiles what counts the cost of an answer: a leaf or `null` its `@cost` or 0, an object its `@cost` or 1 and its fields,
 * a list its items; arguments once a field. What costs nothing whatever it is, as most leaves do, is not walked.
 *
 * Source: Apollo Router, `static_cost.rs`, `ResponseCostCalculator` (`by_response_shape`), which forgets the 10 of a
 * mutation: they are the price of it and are not given back here.
 */
export function compileActualCost(options: ActualCostOptions): ActualCost {
  const { operation, schema } = options;
  const root = schema.rootTypes[operation.operation];
  const count = new Counter(options).object(root, [operation.selectionSet], { isFree: true });
  const base = operation.operation === 'mutation' ? MUTATION_COST : 0;
  return ({ data, shared }, inputs) =>
    base + count(data, { inputs, shared, counted: shared.size === 0 ? undefined : new Map() });
}

interface Counting {
  readonly inputs: CostInputs;
  readonly shared: ReadonlySet<unknown>;
  /** Costs of what stands at several places, by whom it was counted. */
  readonly counted: Map<unknown, Map<Count, number>> | undefined;
}

type Count = (value: unknown, at: Counting) => number;

interface CountedField {
  readonly key: string;
  readonly arguments: Term;
  readonly count: Count;
}

class Counter {
  readonly #options: ActualCostOptions;

  constructor(options: ActualCostOptions) {
    this.#options = options;
  }

  /** @param isFree whether the object itself costs nothing: that at the root */
  object(
    typeName: string,
    sets: readonly SelectionSetNode[],
    { isFree = false }: { readonly isFree?: boolean } = {},
  ): Count {
    const { types } = this.#options.schema;
    const isAbstract = types.get(typeName)?.kind !== 'object';
    // fields are compiled when the first object of a type comes
    const byType = new Map<string, { readonly weight: number; readonly fields: readonly CountedField[] }>();
    return (value, at) => {
      const object = value as Record<string, unknown>;
      const concrete = isAbstract ? object.__typename : undefined;
      const name =
        typeof concrete === 'string' && types.get(concrete)?.kind === 'object' ? concrete : typeName;
      let compiled = byType.get(name);
      if (compiled === undefined) {
        compiled = { weight: isFree ? 0 : this.#weight(typeName, name), fields: this.#fields(name, sets) };
        byType.set(name, compiled);
      }
      let cost = compiled.weight;
      for (const field of compiled.fields) {
        const inner = ownValue(object, field.key);
        if (inner !== undefined)
          cost += Math.max(0, field.count(inner, at) + evaluate(field.arguments, at.inputs));
      }
      return cost;
    };
  }

  /** Of an object whose type is not known the cheapest that it may be: what is not sure is given back. */
  #weight(declared: string, concrete: string): number {
    const { types, possibleTypes } = this.#options.schema;
    if (declared !== concrete) return types.get(concrete)?.weight ?? 1;
    const weights = [...(possibleTypes.get(declared) ?? [])].map((name) => types.get(name)?.weight ?? 1);
    return weights.length === 0 ? (types.get(declared)?.weight ?? 1) : Math.min(...weights);
  }

  #fields(typeName: string, sets: readonly SelectionSetNode[]): readonly CountedField[] {
    const grouped = collectFields(sets, {
      fragments: this.#options.fragments,
      // what conditions left out is not in the data
      isIncluded: (selection) => selection.kind !== Kind.FIELD || !isLeftOut(selection.directives),
      applies: (condition) => this.#applies(condition, typeName),
    });
    return Array.from(grouped.values()).flatMap((nodes) => this.#field(typeName, nodes) ?? []);
  }

  #applies(condition: string, typeName: string): boolean {
    const { types, possibleTypes } = this.#options.schema;
    if (condition === typeName) return true;
    // an object whose type nobody had to know may be any
    if (types.get(typeName)?.kind !== 'object') return true;
    return possibleTypes.get(condition)?.has(typeName) === true;
  }

  #field(typeName: string, nodes: readonly FieldNode[]): CountedField | undefined {
    const { schema, keyOf } = this.#options;
    const [node] = nodes;
    const cost = node && schema.types.get(typeName)?.fields.get(node.name.value);
    if (node === undefined || cost === undefined) return undefined;
    const given = this.#arguments(node, cost);
    const count = this.#value(
      cost,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
    if (count === undefined && given === 0) return undefined;
    return { key: keyOf(node.name.value, node.alias?.value), arguments: given, count: count ?? free };
  }

  #arguments(node: FieldNode, cost: FieldCost): Term {
    return sum(
      (node.arguments ?? []).map((argument) => {
        const input = cost.arguments.get(argument.name.value);
        return input === undefined ? 0 : argumentCost(argument.value, input, this.#options);
      }),
    );
  }

  /** `undefined` where no value costs anything. */
  #value(cost: FieldCost, sets: readonly SelectionSetNode[]): Count | undefined {
    const { types } = this.#options.schema;
    const ofType = types.get(cost.typeName)?.weight ?? 0;
    if (sets.length === 0) {
      const weight = cost.weight ?? ofType;
      return weight === 0 ? undefined : (value) => countLeaves(value, weight);
    }
    const children = this.object(cost.typeName, sets, { isFree: cost.weight !== undefined });
    const ofNull = cost.weight ?? 0;
    const count: Count = (value, at) => {
      if (Array.isArray(value)) return countShared(value, countItems, at);
      if (typeof value !== 'object' || value === null) return ofNull;
      return (cost.weight ?? 0) + countShared(value, children, at);
    };
    const countItems: Count = (items, at) => {
      let total = 0;
      for (const item of items as readonly unknown[]) total += count(item, at);
      return total;
    };
    return count;
  }
}

const free: Count = () => 0;

function countLeaves(value: unknown, weight: number): number {
  if (!Array.isArray(value)) return weight;
  let total = 0;
  for (const item of value) total += countLeaves(item, weight);
  return total;
}

/** Equal objects stand in the data as one, at as many places as they were fetched for: each is walked once. */
function countShared(value: unknown, count: Count, at: Counting): number {
  const { counted, shared } = at;
  if (counted === undefined || !shared.has(value)) return count(value, at);
  let byCount = counted.get(value);
  if (byCount === undefined) {
    byCount = new Map();
    counted.set(value, byCount);
  }
  let cost = byCount.get(count);
  if (cost === undefined) {
    cost = count(value, at);
    byCount.set(count, cost);
  }
  return cost;
}

function ownValue(object: Record<string, unknown>, key: string): unknown {
  return key in Object.prototype && !Object.hasOwn(object, key) ? undefined : object[key];
}
