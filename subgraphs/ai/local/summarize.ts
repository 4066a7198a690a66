import type { LocalSummary } from './contract.ts';
import { type Encoder, meanOf, similarity } from './encoder.ts';
import { diverse } from './keywords.ts';
import type { WinkText } from './wink.ts';

/** The beginning of a very long text stands for it. */
const maxSentences = 200;
/** "Great!" says nothing by itself. */
const minWords = 4;
const repetitionWeight = 0.3;

/** The sentences nearest to the middle of all, and not alike, in the order of the text. */
export async function summarize(
  encoder: Encoder,
  { read, sentenceCount }: { readonly read: WinkText; readonly sentenceCount: number },
  signal: AbortSignal,
): Promise<LocalSummary> {
  const model = 'local/universal-sentence-encoder-lite';
  const all = [...new Set(read.sentences.map((sentence) => sentence.trim()))].filter((it) => it !== '');
  if (all.length <= sentenceCount) return { model, sentences: all };
  const told = all.filter((sentence) => sentence.split(/\s+/).length >= minWords);
  const sentences = (told.length >= sentenceCount ? told : all).slice(0, maxSentences);
  const { vectors } = await encoder.encode(sentences, signal);
  const middle = meanOf(vectors);
  const candidates = sentences.map((sentence, index) => {
    const vector = vectors[index] ?? middle;
    return { sentence, index, vector, score: similarity(middle, vector) };
  });
  const chosen = diverse(candidates, sentenceCount, repetitionWeight);
  const inOrder = [...chosen].sort((one, other) => one.index - other.index);
  return { model, sentences: inOrder.map(({ sentence }) => sentence) };
}
