import type { RootFetchNode } from '../plan/queryPlan.ts';
import type { CompileOptions } from './compilePlan.ts';
import { mergeInto } from './data.ts';
import type { Step } from './execution.ts';
import { compileBody } from './requestBody.ts';
import { applyRewrites } from './rewrites.ts';
import { addFetchError, addReportedErrors } from './subgraphErrors.ts';

/** Asks a subgraph for root fields and merges them into the data. */
export function compileRootFetch(node: RootFetchNode, { types, aliases, send }: CompileOptions): Step {
  const { subgraph, outputRewrites } = node;
  const writeBody = compileBody(node.operation, node.variables);
  const place = () => [];
  return async (execution) => {
    try {
      const response = await send(subgraph, writeBody(execution, ''), execution.client);
      const { data } = response;
      if (data !== undefined && data !== null) {
        if (outputRewrites.length > 0) applyRewrites(data, outputRewrites, types);
        mergeInto(execution.data, data, types);
      } else execution.failed.add(execution.data);
      if (response.errors !== undefined || response.failedStatus !== undefined) {
        addReportedErrors(response, {
          execution,
          subgraph,
          place,
          pathsOf: ({ path }) =>
            path === undefined ? undefined : [path.map((step) => clientStep(step, aliases))],
        });
      }
    } catch (error) {
      execution.failed.add(execution.data);
      addFetchError(error, { execution, subgraph, place });
    }
  };
}

function clientStep(step: string | number, aliases: CompileOptions['aliases']): string | number {
  return typeof step === 'string' ? aliases.responseKeyOf(step) : step;
}
