import { type DocumentNode, print, validate, visit } from 'graphql';
import type { EngineUnderTest } from './enginesUnderTest.ts';
import { type Case, GraphCase, type Outcome } from './graphCase.ts';
import type { GraphModel } from './graphModel.ts';
import { smallerModels } from './shrinkModel.ts';
import { smallerOperations } from './shrinkOperation.ts';
import type { SubgraphServer } from './subgraphServer.ts';

/** A failing case with the graph it fails on. */
export interface Failure {
  readonly model: GraphModel;
  readonly case: Case;
  readonly outcome: Outcome;
}

/**
 * Makes a failing case smaller for as long as it fails in the same way: first the operation, then the data and the
 * graph, then the operation again. Stops at the deadline with what it has.
 */
export async function shrinkCase(
  failure: Failure,
  means: { readonly server: SubgraphServer; readonly engine: EngineUnderTest; readonly budgetMs: number },
): Promise<Failure> {
  const { server, engine } = means;
  const deadline = performance.now() + means.budgetMs;
  const sign = signOf(failure.outcome);
  const isLate = (): boolean => performance.now() > deadline;
  let smallest = failure;

  const tryModel = async (model: GraphModel, one: Case): Promise<Failure | undefined> => {
    const graph = await GraphCase.start(model, server, [engine]).catch(() => undefined);
    if (!(graph instanceof GraphCase)) return undefined;
    try {
      return await tryCase(graph, one, sign);
    } finally {
      await graph.close();
    }
  };
  const shrinkOperation = async (): Promise<void> => {
    const graph = await GraphCase.start(smallest.model, server, [engine]);
    if (!(graph instanceof GraphCase)) return;
    for (let found = true; found && !isLate(); ) {
      found = false;
      for (const operation of smallerOperations(smallest.case.operation)) {
        if (isLate()) break;
        if (print(operation.document) === print(smallest.case.operation.document)) continue;
        const smaller = await tryCase(graph, { ...smallest.case, operation }, sign);
        if (smaller === undefined) continue;
        smallest = smaller;
        found = true;
        break;
      }
    }
    await graph.close();
  };

  await shrinkOperation();
  for (const calm of [{ errors: 0 }, { violations: 0 }, { nulls: 0 }]) {
    const one = { ...smallest.case, rates: { ...smallest.case.rates, ...calm } };
    smallest = (await tryModel(smallest.model, one)) ?? smallest;
  }
  // a step that was refused is not tried again in this round: the next smaller graph goes on where this one stopped
  for (let found = true; found && !isLate(); ) {
    found = false;
    let position = 0;
    for (let next = stepAt(smallest.model, position); next !== undefined && !isLate(); ) {
      const smaller = await tryModel(next, smallest.case);
      if (smaller === undefined) position++;
      else {
        smallest = smaller;
        found = true;
      }
      next = stepAt(smallest.model, position);
    }
  }
  await shrinkOperation();
  return smallest;
}

function stepAt(model: GraphModel, position: number): GraphModel | undefined {
  let index = 0;
  for (const smaller of smallerModels(model)) if (index++ === position) return smaller;
  return undefined;
}

function hasEmptySelection(document: DocumentNode): boolean {
  let isEmpty = false;
  visit(document, {
    SelectionSet: (node) => {
      isEmpty ||= node.selections.length === 0;
    },
  });
  return isEmpty;
}

async function tryCase(graph: GraphCase, one: Case, sign: string): Promise<Failure | undefined> {
  // the validation rules of graphql-js leave this one to the parser
  if (hasEmptySelection(one.operation.document)) return undefined;
  if (validate(graph.apiSchema, one.operation.document).length > 0) return undefined;
  const [outcome] = await graph.run(one);
  if (outcome === undefined || !signOf(outcome).startsWith(sign)) return undefined;
  return { model: graph.model, case: one, outcome };
}

/** The way in which a case fails; a smaller one must fail in this way, or it would be another fault. */
export function signOf({ differences }: Outcome): string {
  const [first] = differences;
  if (first === undefined) return 'none';
  const [line = ''] = first.detail.split('\n');
  const isSpoken = first.kind === 'exception' || first.kind === 'unexpected error';
  const words = isSpoken ? line.replace(/^\[.*?\] /, '').replace(/'.*?'|"[^ ]*"|\w*\d\w*/g, '_') : '';
  return `${first.kind} ${words.slice(0, 70)}`;
}
