/** Why a prompt file cannot be served; `PROMPT_NON_NULL` is a warning. */
export type PromptProblemCode =
  | 'PROMPT_SDL_INVALID'
  | 'PROMPT_OPTION_INVALID'
  | 'PROMPT_TYPE_RECURSIVE'
  | 'PROMPT_TYPE_UNSUPPORTED'
  | 'PROMPT_SCALAR_UNMAPPED'
  | 'PROMPT_VARIABLE_UNKNOWN'
  | 'PROMPT_REQUIRES_MISSING'
  | 'PROMPT_TEMPLATE_SYNTAX'
  | 'PROMPT_MODEL_UNKNOWN'
  | 'PROMPT_GUARDRAIL_UNKNOWN'
  | 'PROMPT_NON_NULL';

export interface PromptProblem {
  readonly code: PromptProblemCode;
  /** The schema coordinate of the field; null when the file as a whole cannot be read. */
  readonly coordinate: string | null;
  /** One sentence, without the coordinate. */
  readonly message: string;
}

/** All that is wrong with the prompt files, one line a problem. */
export class PromptError extends Error {
  override readonly name = 'PromptError';
  readonly problems: readonly PromptProblem[];

  constructor(problems: readonly PromptProblem[]) {
    super(problems.map(problemLine).join('\n'));
    this.problems = problems;
  }
}

export function problemLine({ code, coordinate, message }: PromptProblem): string {
  return `[${code}] ${coordinate === null ? '' : `${coordinate}: `}${message}`;
}
