import type { GraphQLOutputType } from 'graphql';
import type { BoundNode } from './bindTemplate.ts';
import type { LocalTask, OutputFacts } from './outputFacts.ts';

/** A `@prompt` field, checked and ready to answer. */
export interface Prompt {
  readonly coordinate: string;
  readonly typeName: string;
  readonly fieldName: string;
  /** Whether it stands on an entity, and not on Query. */
  readonly isEntityField: boolean;
  readonly type: GraphQLOutputType;
  readonly template: readonly BoundNode[];
  /** What the local engine reads; the template's values, when the field says nothing else. */
  readonly localTemplate: readonly BoundNode[];
  /** Static, with what makes fenced values no instructions. */
  readonly system: string;
  /** An alias. */
  readonly model: string;
  readonly temperature: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly cacheTtlSeconds: number;
  readonly output: 'FULL' | 'SELECTION';
  readonly local: LocalTask | null;
  readonly guardrails: readonly string[];
  readonly facts: OutputFacts;
}
