import type { JSONSchema7 } from '@ai-sdk/provider';
import type { Alias } from '../models/models.ts';
import type { Cost, TokenUsage } from '../money/contract.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface CallOptions {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** The type that an answer must have. */
export interface OutputType {
  /** A name that every provider takes: letters, digits, `_`. */
  readonly name: string;
  /** The root is an object, every object is closed and requires all that it has: the subset that all providers take. */
  readonly schema: JSONSchema7;
  /** @returns `null` when the value is of the type, else what is wrong with it, for the model to read */
  check(value: unknown): string | null;
}

/** One question to one alias, everything checked. */
export interface ModelCall {
  readonly alias: Alias;
  readonly tenant: string;
  /** The schema coordinate that asks: `Query.complete`, `Product.reviewDigest`. */
  readonly field: string;
  readonly messages: readonly ChatMessage[];
  readonly options: CallOptions;
  readonly output?: OutputType | undefined;
  /** Names, in order. */
  readonly guardrails: readonly string[];
  /** Whether another target may answer when one fails. */
  readonly fallback: boolean;
  readonly cache: { readonly mode: 'DEFAULT' | 'REFRESH' | 'OFF'; readonly ttlSeconds: number };
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export type FinishReason = 'STOP' | 'LENGTH' | 'CONTENT_FILTER' | 'OTHER';

/** One call upstream, as clients see it: it names the target, never an address. */
export interface Attempt {
  readonly model: string;
  readonly ok: boolean;
  readonly errorCode: string | null;
  readonly httpStatus: number | null;
  readonly latencyMs: number;
}

export interface Completion {
  readonly text: string;
  /** The checked value, when a type was asked for. */
  readonly value: unknown;
  readonly finishReason: FinishReason;
  /** The alias that was asked for. */
  readonly requested: string;
  /** `provider/model` that answered. */
  readonly model: string;
  /** All attempts together. */
  readonly usage: TokenUsage;
  readonly cost: Cost;
  readonly cached: boolean;
  readonly attempts: readonly Attempt[];
  readonly latencyMs: number;
}
