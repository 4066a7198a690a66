import { type Guardrail, type GuardrailContext, pass, type Verdict } from '../guardrail.ts';

/** Refuses texts that one of the regular expressions of models.yaml matches. */
export const denyPatterns: Guardrail = { name: 'deny_patterns', input: check, output: check };

function check(text: string, { options }: GuardrailContext): Verdict {
  const index = options.denyPatterns.findIndex((pattern) => pattern.test(text));
  return index === -1 ? pass : { kind: 'block', reason: `pattern ${index} of deny_patterns matches` };
}
