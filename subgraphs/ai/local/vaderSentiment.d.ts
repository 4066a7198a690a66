/** The part of `vader-sentiment` that is used; the package has no types. */
declare module 'vader-sentiment' {
  interface VaderSentiment {
    readonly SentimentIntensityAnalyzer: {
      polarity_scores(text: string): {
        readonly neg: number;
        readonly neu: number;
        readonly pos: number;
        readonly compound: number;
      };
    };
  }
  const vader: VaderSentiment;
  export default vader;
}
