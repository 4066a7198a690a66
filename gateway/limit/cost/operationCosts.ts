import { type DocumentNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode } from 'graphql';
import { type ActualCost, compileActualCost, type FetchedData } from './actualCost.ts';
import { type CostFormula, compileCost } from './costFormula.ts';
import type { CostSchema } from './costSchema.ts';
import type { CostInputs } from './term.ts';

/** What is known of the cost of one operation: both parts are compiled when they are first asked for. */
export interface OperationCost {
  readonly formula: CostFormula;
  actual(fetched: FetchedData, inputs: CostInputs): number;
}

export interface CostedOperation {
  readonly schema: CostSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** Finds the cost of an operation by its node, which is there for as long as its document is in use. */
export class OperationCosts {
  readonly #listSize: number;
  readonly #known = new WeakMap<OperationDefinitionNode, OperationCost>();

  constructor(options: { readonly listSize: number }) {
    this.#listSize = options.listSize;
  }

  of(costed: CostedOperation): OperationCost {
    let known = this.#known.get(costed.operation);
    if (known === undefined) {
      known = operationCost(costed, this.#listSize);
      this.#known.set(costed.operation, known);
    }
    return known;
  }
}

function operationCost({ schema, document, operation }: CostedOperation, listSize: number): OperationCost {
  const formula = compileCost({ schema, document, operation, listSize, countsRequires: true });
  let actual: ActualCost | undefined;
  return {
    formula,
    actual(fetched, inputs) {
      actual ??= compileActualCost({
        schema,
        operation,
        fragments: fragmentsOf(document),
        defaults: defaultsOf(operation),
        keyOf: fetched.keyOf,
      });
      return actual(fetched, inputs);
    },
  };
}

function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
}

function defaultsOf({ variableDefinitions }: OperationDefinitionNode) {
  return new Map(
    (variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, defaultValue] as const],
    ),
  );
}
