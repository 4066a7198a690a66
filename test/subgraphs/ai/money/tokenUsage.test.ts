import { describe, expect, test } from '@jest/globals';
import { addUsage, estimateTokens, readTokenUsage } from '../../../../subgraphs/ai/money/tokenUsage.ts';

const guess = { inputTokens: 50, outputTokens: 20 };

describe('token usage: what a provider reported', () => {
  test('is read as it is', () => {
    const reported = {
      inputTokens: 176,
      inputTokenDetails: { noCacheTokens: 12, cacheReadTokens: 64, cacheWriteTokens: 100 },
      outputTokens: 30,
      outputTokenDetails: { textTokens: 18, reasoningTokens: 12 },
    };
    expect(readTokenUsage(reported, guess)).toEqual({
      inputTokens: 176,
      cachedInputTokens: 64,
      cacheWriteTokens: 100,
      outputTokens: 30,
      reasoningTokens: 12,
      estimated: false,
    });
  });

  // an OpenAI-compatible stream without `include_usage`; embeddings of Google come with NaN
  test.each([
    ['nothing', undefined],
    ['empty numbers', { inputTokens: undefined, outputTokens: undefined }],
    ['NaN', { inputTokens: Number.NaN, outputTokens: Number.NaN }],
    ['a negative number', { inputTokens: -1, outputTokens: -1 }],
  ])('%s is replaced by the guess, and said to be one', (_what, reported) => {
    expect(readTokenUsage(reported, guess)).toMatchObject({ ...guess, estimated: true });
  });

  test('a part is never more than its whole', () => {
    const reported = {
      inputTokens: 10,
      inputTokenDetails: { cacheReadTokens: 8, cacheWriteTokens: 8 },
      outputTokens: 1,
      outputTokenDetails: { reasoningTokens: 5 },
    };
    expect(readTokenUsage(reported, guess)).toMatchObject({
      cachedInputTokens: 8,
      cacheWriteTokens: 2,
      reasoningTokens: 1,
    });
  });

  test('sums are estimated as soon as a part is', () => {
    const [exact, estimated] = [
      readTokenUsage({ inputTokens: 1, outputTokens: 2 }, guess),
      readTokenUsage(undefined, guess),
    ];
    expect(addUsage(exact, estimated)).toMatchObject({ inputTokens: 51, outputTokens: 22, estimated: true });
  });
});

describe('token usage: the guess', () => {
  // counts by OpenAI's vocabulary o200k_base, taken with gpt-tokenizer 3.4.0
  test.each([
    ['What is federation?', 4],
    ['Federation composes many subgraphs into one supergraph.', 12],
    ['I was charged twice for one order and nobody answers my mails.', 13],
    ['def add(a, b):\n    return a + b\n', 12],
    ['Die Bundesrepublik Deutschland ist ein föderaler Staat.', 12],
    ['Заказ не пришёл, и никто не позвонил.', 13],
    ['私は三日前に注文しましたが、まだ届いていません。', 14],
    ['1234567890', 4],
    ['a3f9c2d8e1b7', 12],
    ['👍🏽👍🏽', 6],
    ['', 0],
  ])('of %j is between the tokens of a real vocabulary and three times as many', (text, tokens) => {
    const guessed = estimateTokens(text);
    expect([guessed >= tokens, guessed <= tokens * 3]).toEqual([true, true]);
  });
});
