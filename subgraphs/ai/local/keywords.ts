import type { LocalKeywords } from './contract.ts';
import { type Encoder, meanOf, similarity, type Vector } from './encoder.ts';
import type { WinkText, WinkToken } from './wink.ts';

/** Those that come most often are looked at. */
const maxPhrases = 64;
const maxWords = 3;
/** How much a phrase loses that says what a better one says already. */
const repetitionWeight = 0.5;

/** The noun phrases of a text that are most like the whole of it, and least like each other. */
export async function keywords(
  encoder: Encoder,
  { text, read, first }: { readonly text: string; readonly read: WinkText; readonly first: number },
  signal: AbortSignal,
): Promise<LocalKeywords> {
  const phrases = phrasesOf(read.tokens);
  const { vectors: all } = await encoder.encode([text, ...phrases.map((phrase) => phrase.text)], signal);
  const [whole, ...vectors] = all;
  const candidates = phrases.map(({ text: phrase, count }, index) => {
    const vector = vectors[index] ?? meanOf([]);
    // what a text repeats it is about
    const score = (whole ? similarity(whole, vector) : 0) + 0.1 * Math.log2(count);
    return { text: phrase, score, vector };
  });
  const chosen = [...diverse(candidates, first, repetitionWeight)].sort(
    (one, other) => other.score - one.score,
  );
  return {
    model: 'local/universal-sentence-encoder-lite',
    keywords: chosen.map(({ text: phrase, score }) => ({ text: phrase, score })),
  };
}

interface Phrase {
  readonly text: string;
  readonly count: number;
}

/** Adjectives and nouns that end in a noun, as first written in the text; the most frequent first. */
function phrasesOf(tokens: readonly WinkToken[]): readonly Phrase[] {
  const found = new Map<string, { text: string; count: number }>();
  let words: WinkToken[] = [];
  const end = (): void => {
    while (words.length > 0 && !isNoun(words.at(-1))) words.pop();
    const phrase = words
      .slice(-maxWords)
      .map(({ value }) => value)
      .join(' ');
    words = [];
    if (phrase.length < 3) return;
    const key = phrase.toLowerCase();
    const known = found.get(key);
    if (known) known.count += 1;
    else found.set(key, { text: phrase, count: 1 });
  };
  for (const token of tokens) {
    const isPart = (isNoun(token) || token.pos === 'ADJ') && !token.isStopWord && /\p{L}/u.test(token.value);
    if (isPart) words.push(token);
    else end();
  }
  end();
  return [...found.values()].sort((one, other) => other.count - one.count).slice(0, maxPhrases);
}

function isNoun(token: WinkToken | undefined): boolean {
  return token?.pos === 'NOUN' || token?.pos === 'PROPN';
}

interface Candidate {
  readonly score: number;
  readonly vector: Vector;
}

/**
 * Takes the best, then again and again the one that is best when its likeness to those taken is held against it.
 *
 * Source: Carbonell and Goldstein 1998, maximal marginal relevance.
 */
export function diverse<It extends Candidate>(
  candidates: readonly It[],
  count: number,
  weight: number,
): readonly It[] {
  const left = [...candidates];
  const chosen: It[] = [];
  while (chosen.length < count && left.length > 0) {
    let [bestIndex, best] = [0, Number.NEGATIVE_INFINITY];
    left.forEach((candidate, index) => {
      const repeated = chosen.map(({ vector }) => similarity(candidate.vector, vector));
      const value = candidate.score - weight * Math.max(0, ...repeated);
      if (value > best) [bestIndex, best] = [index, value];
    });
    chosen.push(...left.splice(bestIndex, 1));
  }
  return chosen;
}
