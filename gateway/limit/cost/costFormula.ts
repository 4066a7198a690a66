import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { argumentCost } from './argumentCost.ts';
import type { CostSchema, FieldCost } from './costSchema.ts';
import { type AppliedSize, sizeFor, sizesBelow, sizesOf } from './listSizes.ts';
import {
  atLeastZero,
  type CostInputs,
  evaluate,
  largest,
  orElse,
  product,
  type SizeTerm,
  sum,
  type Term,
} from './term.ts';

/** The cost of an operation, compiled once and replayed with the variables of each request. */
export interface CostFormula {
  /** Whether anything but `__typename` and introspection is asked for. */
  readonly asksSubgraphs: boolean;
  /**
   * An upper bound of what the operation costs.
   * @throws GatewayError COST_QUERY_PARSE_FAILURE
   */
  estimate(inputs: CostInputs): number;
}

export interface CostFormulaOptions {
  readonly schema: CostSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** The size of lists that nothing is said of. */
  readonly listSize: number;
  /** Whether what `@requires` reads is added to a field: not where a query plan shows it. */
  readonly countsRequires: boolean;
  /** Set where only the selections of one field are to be counted, with all that is below them, wherever they stand. */
  readonly part?: OperationPart | undefined;
}

/** A field of an object type. */
export interface OperationPart {
  readonly typeName: string;
  readonly fieldName: string;
}

/** Source: Apollo Router, demand control: a mutation costs 10 beside its fields. */
export const MUTATION_COST = 10;

/**
 * Compiles the cost of an operation.
 *
 *     operation = (mutation ? 10 : 0) + Σ field
 *     field     = count × (weight + Σ child fields) + arguments + what `@requires` reads
 *     weight    = `@cost` of the field, else of its type, else 1 for an object, interface or union and 0 for a leaf
 *     count     = 1, or the size of a list: from the parent's `sizedFields`, else `@listSize`, else the default
 *
 * Source: Apollo Router, `demand_control/cost_calculator/static_cost.rs`; IBM GraphQL cost specification.
 */
export function compileCost(options: CostFormulaOptions): CostFormula {
  const { operation, document, schema } = options;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const defaults = new Map<string, ValueNode>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue !== undefined) defaults.set(variable.name.value, defaultValue);
  }
  const compiler = new CostCompiler({ ...options, fragments, defaults });
  const root = schema.rootTypes[operation.operation];
  const fields = compiler.selectionSet(operation.selectionSet, {
    typeName: root,
    own: [],
    inherited: [],
    isCounted: options.part === undefined,
  });
  const isMutation = operation.operation === 'mutation' && options.part === undefined;
  const cost = sum([isMutation ? MUTATION_COST : 0, fields]);
  return {
    asksSubgraphs: asksSubgraphs(operation.selectionSet, fragments),
    estimate: (inputs) => evaluate(cost, inputs),
  };
}

interface CostCompilerOptions extends CostFormulaOptions {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Of variables. */
  readonly defaults: ReadonlyMap<string, ValueNode>;
}

/** What a selection has from the field above it. */
interface Above {
  readonly typeName: string;
  /** Sizes that the `@listSize` directives of the field above give. */
  readonly own: readonly AppliedSize[];
  /** The same of fields further above, as far as they lead here. */
  readonly inherited: readonly AppliedSize[];
  /** Whether it is in the part that is counted. */
  readonly isCounted: boolean;
}

class CostCompiler {
  readonly #options: CostCompilerOptions;
  /** Coordinates whose `@requires` are being added: one may require another in a circle. */
  readonly #requiring = new Set<string>();

  constructor(options: CostCompilerOptions) {
    this.#options = options;
  }

  selectionSet(set: SelectionSetNode, above: Above): Term {
    return sum(set.selections.map((selection) => this.#selection(selection, above)));
  }

  /** Fragments are scored wherever they are spread; conditions on them are not looked at, as in Apollo Router. */
  #selection(selection: SelectionNode, above: Above): Term {
    switch (selection.kind) {
      case Kind.FIELD:
        return this.#field(selection, above);
      case Kind.INLINE_FRAGMENT:
        return this.selectionSet(selection.selectionSet, {
          ...above,
          typeName: selection.typeCondition?.name.value ?? above.typeName,
        });
      case Kind.FRAGMENT_SPREAD: {
        const fragment = this.#options.fragments.get(selection.name.value);
        if (fragment === undefined) return 0;
        return this.selectionSet(fragment.selectionSet, {
          ...above,
          typeName: fragment.typeCondition.name.value,
        });
      }
      default:
        return selection satisfies never;
    }
  }

  #field(field: FieldNode, above: Above): Term {
    const { schema, listSize } = this.#options;
    const name = field.name.value;
    // `__typename`, `__schema` and `__type` are of no type in the supergraph, and cost nothing
    const cost = schema.types.get(above.typeName)?.fields.get(name) ?? ENTITY_FIELDS.get(name);
    if (cost === undefined || isLeftOut(field.directives)) return 0;
    const isCounted = above.isCounted || this.#isPart(above.typeName, name);
    const own = sizesOf(field, cost, schema);
    const inherited = sizesBelow(name, [...above.own, ...above.inherited]);
    const fromAbove = orElse(sizeFor(name, above.own), sizeFor(name, above.inherited));
    const count = cost.isList
      ? countOf(orElse(fromAbove, largest([...own, ...inherited].map(({ size }) => size))), listSize)
      : checked(own);
    const children =
      field.selectionSet === undefined
        ? 0
        : this.selectionSet(field.selectionSet, { typeName: cost.typeName, own, inherited, isCounted });
    if (!isCounted) return product(count, children);
    const weight = cost.weight ?? schema.types.get(cost.typeName)?.weight ?? 0;
    const whole = product(count, sum([weight, children]));
    return atLeastZero(sum([whole, ...this.#arguments(field, cost), this.#requires(cost, above, name)]));
  }

  #isPart(typeName: string, fieldName: string): boolean {
    const { part, schema } = this.#options;
    if (part === undefined || part.fieldName !== fieldName) return false;
    return part.typeName === typeName || schema.possibleTypes.get(typeName)?.has(part.typeName) === true;
  }

  #arguments(field: FieldNode, cost: FieldCost): readonly Term[] {
    return (field.arguments ?? []).map((argument) => {
      const input = cost.arguments.get(argument.name.value);
      return input === undefined ? 0 : argumentCost(argument.value, input, this.#options);
    });
  }

  #requires({ requires }: FieldCost, above: Above, name: string): Term {
    const coordinate = `${above.typeName}.${name}`;
    if (!this.#options.countsRequires || requires.length === 0 || this.#requiring.has(coordinate)) return 0;
    this.#requiring.add(coordinate);
    const term = sum(requires.map((set) => this.selectionSet(set, { ...above, own: [], inherited: [] })));
    this.#requiring.delete(coordinate);
    return term;
  }
}

function countOf(size: SizeTerm, listSize: number): Term {
  return typeof size === 'function' ? (inputs) => size(inputs) ?? listSize : (size ?? listSize);
}

/** 1, once the slicing arguments have been looked at: a field that is no list may slice lists below it. */
function checked(own: readonly AppliedSize[]): Term {
  const sizes = own.flatMap(({ size }) => (typeof size === 'function' ? [size] : []));
  if (sizes.length === 0) return 1;
  return (inputs) => {
    for (const size of sizes) size(inputs);
    return 1;
  };
}

/** What subgraphs have and supergraphs have not: `_entities` is a list of a union. Source: Federation subgraph specification. */
const ENTITY_FIELDS: ReadonlyMap<string, FieldCost> = new Map([
  [
    '_entities',
    {
      typeName: '_Entity',
      isList: true,
      weight: 1,
      listSizes: [],
      arguments: new Map(),
      requires: [],
    },
  ],
]);

/** `@skip(if: true)` or `@include(if: false)`; what variables say is not known when a formula is compiled. */
export function isLeftOut(directives: readonly DirectiveNode[] | undefined): boolean {
  return (directives ?? []).some(({ name, arguments: given }) => {
    const condition = given?.find((argument) => argument.name.value === 'if')?.value;
    if (condition?.kind !== Kind.BOOLEAN) return false;
    return (name.value === 'skip' && condition.value) || (name.value === 'include' && !condition.value);
  });
}

function asksSubgraphs(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): boolean {
  return set.selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return !selection.name.value.startsWith('__');
    if (selection.kind === Kind.INLINE_FRAGMENT) return asksSubgraphs(selection.selectionSet, fragments);
    const fragment = fragments.get(selection.name.value);
    return fragment !== undefined && asksSubgraphs(fragment.selectionSet, fragments);
  });
}
