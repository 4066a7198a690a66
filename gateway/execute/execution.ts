import type { GraphQLError } from 'graphql';
import type { DataObject } from './data.ts';
import type { Caller } from './sendToSubgraph.ts';

/** What one execution of a plan knows and collects. */
export interface Execution {
  /** Coerced by the API schema; own keys are the variables that have a value. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** For whom subgraphs are asked. */
  readonly caller: Caller;
  /** The merged data; fetches put what they got into it. */
  readonly data: DataObject;
  readonly errors: GraphQLError[];
  /** Objects that lack fields because a fetch for them failed: its error stands for all of those. */
  readonly failed: Set<DataObject>;
  /** Objects and lists that stand at several places of the data. */
  readonly shared: Set<unknown>;
}

/** One step of a compiled plan. It never rejects: what fails is an error of the execution. */
export type Step = (execution: Execution) => Promise<void> | undefined;
