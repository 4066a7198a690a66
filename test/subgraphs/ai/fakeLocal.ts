import type { LocalEngine } from '../../../subgraphs/ai/local/contract.ts';

/** A local engine whose answers can be told apart from real ones; `texts` is what it was given. */
export function fakeLocal(): LocalEngine & { readonly texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    async embed(given) {
      texts.push(...given);
      return {
        vectors: given.map(() => Float32Array.of(1, 0)),
        dimensions: 2,
        inputTokens: 3 * given.length,
        model: 'local/universal-sentence-encoder-lite',
      };
    },
    async rank(query, documents) {
      texts.push(query);
      return {
        ranked: documents.map((_, index) => ({ index, score: 1 - index / 10 })).reverse(),
        inputTokens: 5,
        model: 'local/universal-sentence-encoder-lite',
      };
    },
    async classify(text, labels) {
      texts.push(text);
      const value = text.includes('unclear') ? null : (labels[0]?.value ?? null);
      return { value, score: 0.9, margin: 0.8, scores: [], model: 'local/universal-sentence-encoder-lite' };
    },
    async language(text) {
      texts.push(text);
      return { language: 'de', reliable: true, model: 'local/eld-small' };
    },
    async sentiment(text) {
      texts.push(text);
      return { sentiment: 'POSITIVE', score: 0.5, model: 'local/vader' };
    },
    async keywords(text) {
      texts.push(text);
      return { keywords: [{ text: 'kettle', score: 1 }], model: 'local/wink-eng-lite' };
    },
    async summarize(text) {
      texts.push(text);
      return { sentences: ['First.', 'Second.'], model: 'local/universal-sentence-encoder-lite' };
    },
    async entities(text) {
      texts.push(text);
      return { entities: [{ kind: 'EMAIL', text: 'ann@example.com' }], model: 'local/wink-eng-lite' };
    },
    async close() {},
  };
}
