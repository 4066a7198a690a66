import type { LocalEmbeddings, LocalRanking } from './contract.ts';
import { type Encoder, similarity } from './encoder.ts';

const model = 'local/universal-sentence-encoder-lite';

export async function embed(
  encoder: Encoder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<LocalEmbeddings> {
  const { vectors, tokens } = await encoder.encode(texts, signal);
  return { model, vectors, dimensions: encoder.dimensions, inputTokens: tokens };
}

/** Documents that are equally like the query stay in their order. */
export async function rank(
  encoder: Encoder,
  { query, documents }: { readonly query: string; readonly documents: readonly string[] },
  signal: AbortSignal,
): Promise<LocalRanking> {
  const { vectors: all, tokens } = await encoder.encode([query, ...documents], signal);
  const [wanted, ...vectors] = all;
  const ranked = vectors
    .map((vector, index) => ({ index, score: wanted ? similarity(wanted, vector) : 0 }))
    .sort((one, other) => other.score - one.score);
  return { model, ranked, inputTokens: tokens };
}
