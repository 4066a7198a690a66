import type { PrivateAliases } from '../operation/privateAliases.ts';
import type { RootFetchNode } from '../plan/queryPlan.ts';
import { jsonOf } from '../runtime/longNumber.ts';
import type { Execution } from './execution.ts';

/** Writes the JSON body of a request to a subgraph around variables that are JSON text already. */
export type WriteBody = (execution: Execution, written: string) => string;

/**
 * The operation's text is escaped once, here. The client's variables that have no value are left out, so that defaults
 * apply.
 */
export function compileBody(
  { operation, variables }: Pick<RootFetchNode, 'operation' | 'variables'>,
  aliases: PrivateAliases,
): WriteBody {
  const start = `{"query":${JSON.stringify(operation)}`;
  const labels = variables.map((planned) => ({
    name: aliases.variableOf(planned),
    label: `${JSON.stringify(planned)}:`,
  }));
  return (execution, written) => {
    let text = written;
    for (const { name, label } of labels) {
      if (!Object.hasOwn(execution.variables, name)) continue;
      const value = label + jsonOf(execution.variables[name]);
      text += text === '' ? value : `,${value}`;
    }
    return text === '' ? `${start}}` : `${start},"variables":{${text}}}`;
  };
}
