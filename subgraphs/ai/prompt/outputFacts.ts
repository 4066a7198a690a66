import type { JSONSchema7 } from '@ai-sdk/provider';

/** What the local engine does where no generative model is enabled. */
export type LocalTask = 'CLASSIFY' | 'SENTIMENT' | 'LANGUAGE' | 'KEYWORDS' | 'SUMMARY' | 'ENTITIES';

/** What of the call itself a field shows. */
export type CallValue = 'MODEL' | 'COST_USD' | 'CACHED';

/** What the directives of the authoring SDL say about fields and scalars, by schema coordinate or name. */
export interface OutputFacts {
  /** `@fromCall` */
  readonly fromCall: ReadonlyMap<string, CallValue>;
  /** `@local` */
  readonly localTasks: ReadonlyMap<string, LocalTask>;
  /** `@jsonSchema` of custom scalars. */
  readonly scalars: ReadonlyMap<string, JSONSchema7>;
  /** Fields that a model is not asked for as a part of their parent: `@prompt`, `@external`. */
  readonly notAsked: ReadonlySet<string>;
}

/** Whether a model is asked for a field of an output type. */
export function isAsked(coordinate: string, facts: OutputFacts): boolean {
  return !facts.notAsked.has(coordinate) && !facts.fromCall.has(coordinate);
}
