import type { OutputType } from './call/modelCall.ts';
import type { GuardrailOptions } from './models/models.ts';

/** `replace` goes on with another text; `block` ends the call with AI_GUARDRAIL_BLOCKED and the reason. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'replace'; readonly text: string }
  | { readonly kind: 'block'; readonly reason: string };

export interface GuardrailContext {
  readonly options: GuardrailOptions;
  /** The type that was asked for, if one was. */
  readonly output: OutputType | undefined;
}

/**
 * A rule over what is sent and what is answered: a file in `guardrails/` and a line in `guardrails.ts`. Both hooks see
 * one text at a time: `input` each message of the caller, `output` the answer before anybody else sees it. A reason is
 * shown to clients, and so must not repeat the text.
 */
export interface Guardrail {
  /** As `@prompt(guardrails:)` and models.yaml name it. */
  readonly name: string;
  input?(text: string, context: GuardrailContext): Verdict;
  output?(text: string, context: GuardrailContext): Verdict;
}

export const pass: Verdict = { kind: 'pass' };
