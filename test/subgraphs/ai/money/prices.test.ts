import net from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { PricedModel, TokenUsage } from '../../../../subgraphs/ai/money/contract.ts';
import { createPriceList, estimateCost } from '../../../../subgraphs/ai/money/prices.ts';
import { noTokens, readTokenUsage } from '../../../../subgraphs/ai/money/tokenUsage.ts';

const prices = createPriceList();

const sold = (provider: string, model: string): PricedModel => ({
  name: `${provider}/${model}`,
  catalog: { provider, model },
  override: null,
});
const usage = (given: Partial<TokenUsage>): TokenUsage => ({ ...noTokens, ...given });

describe('prices: the catalogue', () => {
  // the providers' price pages give US dollars for a million tokens; the sums here are made from those by hand
  test.each<[string, PricedModel, Partial<TokenUsage>, number]>([
    // the example in the registry of APIPark: 1000 × 2.5 + 500 × 10 is 0.0075 USD
    ['gpt-4o', sold('openai', 'gpt-4o'), { inputTokens: 1_000, outputTokens: 500 }, 7_500_000],
    [
      'gpt-5-mini, 64 of 120 cached: 56 × 0.25 + 64 × 0.025 + 30 × 2',
      sold('openai', 'gpt-5-mini'),
      { inputTokens: 120, cachedInputTokens: 64, outputTokens: 30, reasoningTokens: 12 },
      75_600,
    ],
    [
      'claude-sonnet-4-5: 12 × 3 + 64 × 0.3 + 100 × 3.75 + 30 × 15',
      sold('anthropic', 'claude-sonnet-4-5'),
      { inputTokens: 176, cachedInputTokens: 64, cacheWriteTokens: 100, outputTokens: 30 },
      880_200,
    ],
    [
      'claude-sonnet-4-5 beyond 200 000 tokens: 300 000 × 6 + 100 × 22.5',
      sold('anthropic', 'claude-sonnet-4-5'),
      { inputTokens: 300_000, outputTokens: 100 },
      1_802_250_000,
    ],
    ['text-embedding-3-small', sold('openai', 'text-embedding-3-small'), { inputTokens: 1_000 }, 20_000],
    ['mistral-embed', sold('mistral', 'mistral-embed'), { inputTokens: 1_000 }, 100_000],
    [
      'a dated name of gpt-4o',
      sold('openai', 'gpt-4o-2024-08-06'),
      { inputTokens: 1_000, outputTokens: 500 },
      7_500_000,
    ],
  ])('prices %s', (_what, model, given, nanoUsd) => {
    expect(prices.priceOf(model, usage(given))).toEqual({ nanoUsd, source: 'CATALOG', priceDate: null });
  });

  // OpenAI cut the price of o3 to a fifth on 10 June 2025
  test.each([
    ['2025-06-09T23:59:59Z', 18_000_000, null],
    ['2025-06-10T00:00:00Z', 3_600_000, '2025-06-10'],
  ])('a price is that of the moment: %s', (at, nanoUsd, priceDate) => {
    const given = usage({ inputTokens: 1_000, outputTokens: 200 });
    expect(prices.priceOf(sold('openai', 'o3'), given, new Date(at))).toEqual({
      nanoUsd,
      source: 'CATALOG',
      priceDate,
    });
  });

  test.each([
    ['a model that it does not have', sold('openai', 'gpt-99'), {}],
    ['a provider that it does not have', sold('nowhere', 'gpt-4o'), {}],
    ['a server of one’s own', { ...sold('compat', 'gpt-4o'), catalog: null }, {}],
    ['the output of a model that sells none', sold('openai', 'text-embedding-3-small'), { outputTokens: 5 }],
  ])('%s has no price, and that is not 0', (_what, model, given) => {
    expect(prices.priceOf(model, usage({ inputTokens: 10, ...given }))).toEqual({
      nanoUsd: null,
      source: 'UNKNOWN',
      priceDate: null,
    });
  });

  test('gives the prices of a model, at the lowest tier', () => {
    expect(prices.tokenPrices(sold('anthropic', 'claude-sonnet-4-5'))).toEqual({
      input: 3,
      output: 15,
      cachedInput: 0.3,
      cacheWrite: 3.75,
      reasoning: undefined,
      date: undefined,
    });
  });
});

describe('prices: without the network', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('no socket is opened and nothing is fetched', () => {
    const connect = jest.spyOn(net.Socket.prototype, 'connect');
    const fetched = jest.spyOn(globalThis, 'fetch');
    createPriceList().priceOf(sold('google', 'gemini-2.5-flash'), usage({ inputTokens: 1 }));
    expect([connect.mock.calls, fetched.mock.calls]).toEqual([[], []]);
  });
});

describe('prices: of models.yaml', () => {
  const own = (override: PricedModel['override']): PricedModel => ({
    ...sold('openai', 'gpt-4o'),
    override,
  });
  const all = usage({
    inputTokens: 100,
    cachedInputTokens: 40,
    cacheWriteTokens: 10,
    outputTokens: 20,
    reasoningTokens: 5,
  });

  test('go before the catalogue, each kind of token at its own price', () => {
    const override = {
      input: 1,
      cachedInput: 0.1,
      cacheWrite: 2,
      output: 10,
      reasoning: 20,
      date: '2026-10-01',
    };
    // 50 × 1 + 40 × 0.1 + 10 × 2 + 15 × 10 + 5 × 20 = 324 millionths
    expect(prices.priceOf(own(override), all)).toEqual({
      nanoUsd: 324_000,
      source: 'CONFIG',
      priceDate: '2026-10-01',
    });
  });

  test('what has no price of its own costs what input or output costs', () => {
    // 100 × 1 + 20 × 10 = 300 millionths
    expect(prices.priceOf(own({ input: 1, output: 10 }), all).nanoUsd).toBe(300_000);
  });

  test('may be 0, for a server that is paid for otherwise', () => {
    expect(prices.priceOf(own({ input: 0, output: 0 }), all)).toMatchObject({ nanoUsd: 0, source: 'CONFIG' });
  });

  test('are rounded to a billionth of a dollar', () => {
    // in floating point 3 × 0.1 is 0.30000000000000004
    expect(prices.priceOf(own({ input: 0.1, output: 0 }), usage({ inputTokens: 3 })).nanoUsd).toBe(300);
  });

  test('a local model costs nothing', () => {
    const model = { name: 'local/vader', catalog: null, override: null };
    expect([prices.priceOf(model, all), prices.tokenPrices(model)]).toEqual([
      { nanoUsd: 0, source: 'LOCAL', priceDate: null },
      { input: 0, output: 0 },
    ]);
  });
});

describe('prices: the worst case', () => {
  const tokens = { inputTokens: 1_000, maxOutputTokens: 500 };

  test('is that of the dearest target', () => {
    const models = [sold('openai', 'gpt-5-mini'), sold('openai', 'gpt-4o')];
    expect(estimateCost(prices, models, tokens)).toEqual({ ...tokens, nanoUsd: 7_500_000 });
  });

  test('counts input that is written to the provider’s cache, where that costs more', () => {
    // 1000 × 3.75 + 500 × 15
    expect(estimateCost(prices, [sold('anthropic', 'claude-sonnet-4-5')], tokens).nanoUsd).toBe(11_250_000);
  });

  test('is not known when the price of one target is not', () => {
    const models = [sold('openai', 'gpt-4o'), sold('openai', 'gpt-99')];
    expect(estimateCost(prices, models, tokens).nanoUsd).toBeNull();
  });
});

describe('prices: what providers report', () => {
  // the AI SDK's reading of one and the same answer, sent whole and as a stream; Anthropic's stream gives the input at its
  // beginning and the output at its end
  test.each([
    [
      'anthropic',
      'claude-sonnet-4-5',
      {
        inputTokens: 176,
        inputTokenDetails: { noCacheTokens: 12, cacheReadTokens: 64, cacheWriteTokens: 100 },
        outputTokens: 30,
        outputTokenDetails: {},
      },
    ],
    [
      'openai',
      'gpt-5-mini',
      {
        inputTokens: 120,
        inputTokenDetails: { cacheReadTokens: 64 },
        outputTokens: 30,
        outputTokenDetails: { reasoningTokens: 12 },
      },
    ],
  ])('a streamed call of %s costs what an unstreamed one does', (provider, model, reported) => {
    const guesses = [
      { inputTokens: 9, outputTokens: 9 },
      { inputTokens: 900, outputTokens: 900 },
    ];
    const [whole, streamed] = guesses.map((guess) =>
      prices.priceOf(sold(provider, model), readTokenUsage(reported, guess)),
    );
    expect(streamed).toEqual(whole);
  });
});
