import type { RootFetchNode } from '../plan/queryPlan.ts';
import type { CompileOptions } from './compilePlan.ts';
import { keepsDigits } from './customScalars.ts';
import { cloneData, type DataObject, mergeInto } from './data.ts';
import type { Execution, Step } from './execution.ts';
import { compileBody } from './requestBody.ts';
import { applyRewrites } from './rewrites.ts';
import { rootKeysOf } from './rootKeys.ts';
import { addFetchError, addReportedErrors, type ResponsePath } from './subgraphErrors.ts';
import { compileTargets, targetPaths } from './targets.ts';

/** Asks a subgraph for root fields, and merges them into the root of the data or into the objects at the node's path. */
export function compileRootFetch(node: RootFetchNode, options: CompileOptions): Step {
  const { types, aliases, customScalarFields, send } = options;
  const { subgraph, outputRewrites, path } = node;
  const writeBody = compileBody(node, aliases);
  const forEachTarget = compileTargets(path, types);
  const rootKeys = rootKeysOf(node.operation, aliases);
  const hasCustomScalars = keepsDigits(node.operation, customScalarFields);

  return (execution) => {
    const targets = targetsOf(execution);
    return targets.length === 0 ? undefined : fetchRoot(targets, execution);
  };

  function targetsOf({ data }: Execution): readonly DataObject[] {
    if (path.length === 0) return [data];
    const targets: DataObject[] = [];
    forEachTarget(data, (object) => {
      targets.push(object);
      return undefined;
    });
    return targets;
  }

  async function fetchRoot(targets: readonly DataObject[], execution: Execution): Promise<void> {
    const starts = (): readonly ResponsePath[] =>
      path.length === 0
        ? [[]]
        : [...targetPaths(execution.data, path, { types, ...aliases }).values()].flat();
    const places = (): readonly ResponsePath[] => {
      const keys = rootKeys
        .filter(({ conditions }) =>
          conditions.every(({ name, value }) => (execution.variables[name] === true) === value),
        )
        .map(({ key }) => key);
      return starts().flatMap((start) => keys.map((key) => [...start, key]));
    };
    const body = writeBody(execution, '');
    try {
      const response = await send(node, { body, keepsDigits: hasCustomScalars }, execution.caller);
      const { data } = response;
      if (data !== undefined && data !== null) {
        if (outputRewrites.length > 0) applyRewrites(data, outputRewrites, types);
        const [first, ...others] = targets;
        for (const target of others) mergeInto(target, cloneData(data), types);
        if (first !== undefined) mergeInto(first, data, types);
      } else for (const target of targets) execution.failed.add(target);
      if (response.errors !== undefined || response.failedStatus !== undefined) {
        const isAllTold = addReportedErrors(response, {
          execution,
          subgraph,
          places,
          pathsOf: (error) => {
            const inner = error.path?.map((step) =>
              typeof step === 'string' ? aliases.responseKeyOf(step) : step,
            );
            // beside data, an error without a path is about none of the fields in particular
            if (inner === undefined) return response.data ? starts() : undefined;
            return starts().map((start) => [...start, ...inner]);
          },
        });
        if (!isAllTold) for (const target of targets) execution.failed.add(target);
      }
    } catch (error) {
      for (const target of targets) execution.failed.add(target);
      addFetchError(error, { execution, subgraph, places });
    }
  }
}
