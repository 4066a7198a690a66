import { AiError } from './errors.ts';
import type { Guardrail, GuardrailContext } from './guardrail.ts';
import { denyPatterns } from './guardrails/denyPatterns.ts';
import { length } from './guardrails/length.ts';
import { maskPii } from './guardrails/maskPii.ts';
import { schema } from './guardrails/schema.ts';

/** In the order in which they run, whatever the order of their names: masks before what measures and compares. */
export const guardrails: readonly Guardrail[] = [length, denyPatterns, maskPii, schema];

export const guardrailNames: ReadonlySet<string> = new Set(guardrails.map(({ name }) => name));

/**
 * Runs one hook of the named guardrails over a text.
 *
 * @returns the text, changed where a rule replaced it
 * @throws AiError AI_GUARDRAIL_BLOCKED, with the rule and the stage
 */
export function applyGuardrails(
  stage: 'input' | 'output',
  text: string,
  { names, ...context }: GuardrailContext & { readonly names: readonly string[] },
): string {
  let current = text;
  for (const guardrail of guardrails) {
    if (!names.includes(guardrail.name)) continue;
    const verdict = guardrail[stage]?.(current, context);
    if (verdict?.kind === 'replace') current = verdict.text;
    if (verdict?.kind === 'block') {
      throw new AiError('AI_GUARDRAIL_BLOCKED', `A rule refused the ${stage}: ${verdict.reason}.`, {
        guardrail: guardrail.name,
        stage: stage.toUpperCase(),
      });
    }
  }
  return current;
}

/** Whether an answer may be given before it is whole. */
export function readsOutput(names: readonly string[]): boolean {
  return guardrails.some(({ name, output }) => output !== undefined && names.includes(name));
}
