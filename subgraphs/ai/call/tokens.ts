import type { LanguageModelV3Usage } from '@ai-sdk/provider';
import type { TokenUsage } from '../money/contract.ts';
import { estimateTokens, noTokens, readTokenUsage } from '../money/tokenUsage.ts';
import type { ChatMessage, OutputType } from './modelCall.ts';

/** A guess upwards of what a provider will count: each message costs a few tokens more than its text. */
export function estimateInput(messages: readonly ChatMessage[], output?: OutputType): number {
  const schema = output ? estimateTokens(JSON.stringify(output.schema)) : 0;
  return messages.reduce((sum, { content }) => sum + estimateTokens(content) + 8, schema + 16);
}

/** The numbers of a provider's package; its totals include what was cached and what was reasoned. */
export function readUsage(
  usage: LanguageModelV3Usage,
  guess: { readonly inputTokens: number; readonly outputTokens: number },
): TokenUsage {
  const { inputTokens: input, outputTokens: output } = usage;
  return readTokenUsage(
    {
      inputTokens: input.total,
      inputTokenDetails: { cacheReadTokens: input.cacheRead, cacheWriteTokens: input.cacheWrite },
      outputTokens: output.total,
      outputTokenDetails: { reasoningTokens: output.reasoning },
    },
    guess,
  );
}

/** What an attempt that was given up may be billed: the provider has read the input, and written so much. */
export function guessUsage(inputTokens: number, outputTokens = 0): TokenUsage {
  return { ...noTokens, inputTokens, outputTokens, estimated: true };
}
