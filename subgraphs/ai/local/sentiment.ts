import vader from 'vader-sentiment';
import type { LocalSentiment } from './contract.ts';

/** As its makers advise. Source: https://github.com/cjhutto/vaderSentiment, "About the Scoring". */
const threshold = 0.05;

/**
 * The mean over the sentences, as the makers of VADER do for longer texts: it is made for one sentence, and would call any
 * long text very positive or very negative.
 */
export function sentiment(sentences: readonly string[]): LocalSentiment {
  const scores = sentences.map(
    (sentence) => vader.SentimentIntensityAnalyzer.polarity_scores(sentence).compound,
  );
  const score = scores.length === 0 ? 0 : scores.reduce((sum, it) => sum + it, 0) / scores.length;
  return {
    model: 'local/vader',
    sentiment: score >= threshold ? 'POSITIVE' : score <= -threshold ? 'NEGATIVE' : 'NEUTRAL',
    score,
  };
}
