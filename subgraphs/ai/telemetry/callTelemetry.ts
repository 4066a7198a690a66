import type { Attempt, ChatMessage, FinishReason } from '../call/modelCall.ts';
import type { Cost, TokenUsage } from '../money/contract.ts';

/** What is known of a call when it has ended, one that failed or came out of the cache too. */
export interface EndedCall {
  readonly operation: 'chat' | 'embeddings';
  /** The schema coordinate: `Product.reviewDigest`. */
  readonly field: string;
  readonly tenant: string;
  /** The alias that was asked for. */
  readonly alias: string;
  /** `provider/model`; null when none was reached. */
  readonly model: string | null;
  /** `gen_ai.provider.name`; null when none was reached. */
  readonly provider: string | null;
  readonly isStream: boolean;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly usage: TokenUsage;
  readonly cost: Cost | null;
  readonly cached: boolean;
  readonly attempts: readonly Attempt[];
  readonly finishReason: FinishReason | null;
  readonly errorCode: string | null;
  readonly request: {
    readonly temperature: number | undefined;
    readonly topP: number | undefined;
    readonly maxOutputTokens: number | undefined;
  };
  /** Only where `AI_RECORD_CONTENT=true`: prompts and answers are the tenants' secrets. */
  readonly content: { readonly messages: readonly ChatMessage[]; readonly answer: string | null } | null;
}

/** Hears of every call. It must not throw, and nobody waits for it. */
export interface CallTelemetry {
  callEnded(call: EndedCall): void;
}
