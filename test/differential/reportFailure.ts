import { print } from 'graphql';
import type { Answer } from './compareAnswers.ts';
import type { Case } from './graphCase.ts';
import type { GraphModel } from './graphModel.ts';
import type { Failure } from './shrinkCase.ts';
import { subgraphSdl } from './subgraphSdl.ts';

/** A case as JSON that runs again without the generator: `found/*.json`. */
export interface StoredCase {
  readonly what: string;
  readonly engine: string;
  readonly operation: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly expected: Answer;
  /** What the engine answered when the case was found. */
  readonly actual: Answer | undefined;
  readonly differences: readonly string[];
  readonly dataSeed: number;
  readonly rates: Case['rates'];
  readonly model: GraphModel;
}

export function storedCase({ model, case: one, outcome }: Failure, what: string): StoredCase {
  return {
    what,
    engine: outcome.engine,
    operation: print(one.operation.document),
    variables: one.operation.variables,
    expected: outcome.expected,
    actual: outcome.actual,
    differences: outcome.differences.map(({ kind, detail }) => `${kind}: ${detail.split('\n')[0]}`),
    dataSeed: one.dataSeed,
    rates: one.rates,
    model,
  };
}

/** All that is needed to see what is wrong, for people. */
export function failureText(failure: Failure, seed: number | string): string {
  const { model, case: one, outcome } = failure;
  return [
    `seed ${seed}, engine ${outcome.engine}`,
    ...outcome.differences.map(({ kind, detail }) => `- ${kind}: ${detail}`),
    ...model.subgraphs.map((name) => `# subgraph ${name}\n${subgraphSdl(model, name)}`),
    `# operation\n${print(one.operation.document)}`,
    `# variables\n${JSON.stringify(one.operation.variables)}`,
    `# expected\n${answerText(outcome.expected)}`,
    `# actual\n${outcome.actual === undefined ? 'an exception' : answerText(outcome.actual)}`,
    '# what the subgraphs were asked',
    ...outcome.exchanges.map((exchange) => JSON.stringify(exchange)),
  ].join('\n\n');
}

function answerText({ data, errors }: Answer): string {
  return [data, ...errors.map(({ message, path }) => `${JSON.stringify(path)} ${message}`)].join('\n');
}
