import type { OutputType } from './modelCall.ts';

export type ParsedOutput =
  | { readonly kind: 'valid'; readonly value: unknown }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Reads an answer as JSON, in a code fence too, which models without a native JSON mode like to add, and checks it. */
export function parseOutput(text: string, output: OutputType): ParsedOutput {
  const unfenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text;
  let value: unknown;
  try {
    value = JSON.parse(unfenced);
  } catch {
    return { kind: 'invalid', reason: 'it is not JSON' };
  }
  const reason = output.check(value);
  return reason === null ? { kind: 'valid', value } : { kind: 'invalid', reason };
}
