import type { Execution } from './execution.ts';

/** Writes the JSON body of a request to a subgraph around variables that are JSON text already. */
export type WriteBody = (execution: Execution, written: string) => string;

/**
 * @param operation its text; it is escaped once, here
 * @param variables the client's variables that it uses; those without a value are left out, so that defaults apply
 */
export function compileBody(operation: string, variables: readonly string[]): WriteBody {
  const start = `{"query":${JSON.stringify(operation)}`;
  const labels = variables.map((name) => ({ name, label: `${JSON.stringify(name)}:` }));
  return (execution, written) => {
    let text = written;
    for (const { name, label } of labels) {
      if (!Object.hasOwn(execution.variables, name)) continue;
      const value = label + JSON.stringify(execution.variables[name]);
      text += text === '' ? value : `,${value}`;
    }
    return text === '' ? `${start}}` : `${start},"variables":{${text}}}`;
  };
}
