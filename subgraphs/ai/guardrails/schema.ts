import { parseOutput } from '../call/parseOutput.ts';
import { type Guardrail, pass } from '../guardrail.ts';

/** Refuses a typed answer that is not of its type any more, after the rules before it have changed its text. */
export const schema: Guardrail = {
  name: 'schema',
  output(text, { output }) {
    if (output === undefined) return pass;
    const read = parseOutput(text, output);
    return read.kind === 'valid' ? pass : { kind: 'block', reason: 'the answer is not of its type' };
  },
};
