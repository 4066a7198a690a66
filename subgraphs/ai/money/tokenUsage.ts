import type { TokenUsage } from './contract.ts';

/** Numbers as the AI SDK hands them on: any may be missing or, for embeddings of some providers, `NaN`. */
export interface ReportedUsage {
  readonly inputTokens?: number | undefined;
  readonly inputTokenDetails?:
    | { readonly cacheReadTokens?: number | undefined; readonly cacheWriteTokens?: number | undefined }
    | undefined;
  readonly outputTokens?: number | undefined;
  readonly outputTokenDetails?: { readonly reasoningTokens?: number | undefined } | undefined;
}

export const noTokens: TokenUsage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  estimated: false,
};

/**
 * A guess upwards, without a vocabulary: a token for three bytes of a word, and one for each digit, sign and line end. Counting
 * bytes alone would put too little aside for what tokenizers split finely: code, numbers, keys.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let wordBytes = 0;
  let spaces = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const isLetter = (code > 0x40 && code < 0x5b) || (code > 0x60 && code < 0x7b) || code >= 0x80;
    if (isLetter) {
      wordBytes += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
      spaces = 0;
      continue;
    }
    tokens += Math.ceil(wordBytes / 3);
    wordBytes = 0;
    // one space belongs to the word that follows; more of them are a token
    spaces = code === 0x20 ? spaces + 1 : 0;
    if (code !== 0x20 || spaces === 2) tokens += 1;
  }
  return tokens + Math.ceil(wordBytes / 3);
}

/**
 * Reads what a provider reported. Where a total is missing, the guess stands in for it and the whole is marked as
 * estimated: an answer without numbers would otherwise pass every budget.
 *
 * @param guess totals from `estimateTokens` of what was sent and what came back
 */
export function readTokenUsage(
  reported: ReportedUsage | undefined,
  guess: { readonly inputTokens: number; readonly outputTokens: number },
): TokenUsage {
  const input = count(reported?.inputTokens);
  const output = count(reported?.outputTokens);
  const inputTokens = input ?? guess.inputTokens;
  const outputTokens = output ?? guess.outputTokens;
  // parts are never more than their whole; a price list would refuse such numbers
  const cachedInputTokens = Math.min(count(reported?.inputTokenDetails?.cacheReadTokens) ?? 0, inputTokens);
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens: Math.min(
      count(reported?.inputTokenDetails?.cacheWriteTokens) ?? 0,
      inputTokens - cachedInputTokens,
    ),
    outputTokens,
    reasoningTokens: Math.min(count(reported?.outputTokenDetails?.reasoningTokens) ?? 0, outputTokens),
    estimated: input === undefined || output === undefined,
  };
}

export function addUsage(one: TokenUsage, other: TokenUsage): TokenUsage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
    estimated: one.estimated || other.estimated,
  };
}

function count(tokens: number | undefined): number | undefined {
  return tokens !== undefined && Number.isFinite(tokens) && tokens >= 0 ? Math.round(tokens) : undefined;
}
