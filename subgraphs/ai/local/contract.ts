/**
 * What can honestly be answered without a provider's key, by small models that ship as packages. Everything here is
 * English only, apart from `language`. Nothing is downloaded and nothing leaves the machine.
 *
 * The models live in a worker thread, which starts with the first call; a call that finds it ended starts it again.
 */
export interface LocalEngine {
  /** Vectors of length 1, in the order of the texts; the dot product of two is their similarity, from -1 to 1. */
  embed(texts: readonly string[], call?: LocalCall): Promise<LocalEmbeddings>;
  /** Orders documents by their likeness to the query, best first. */
  rank(query: string, documents: readonly string[], call?: LocalCall): Promise<LocalRanking>;
  /**
   * Finds the label whose description is most like the text.
   *
   * @throws LocalError UNSUPPORTED for labels that `unclassifiable` gives a reason against
   */
  classify(text: string, labels: readonly LocalLabel[], call?: LocalCall): Promise<LocalClassification>;
  language(text: string, call?: LocalCall): Promise<LocalLanguage>;
  /** Coarse: right in four of five tweets, in half of film and product reviews. */
  sentiment(text: string, call?: LocalCall): Promise<LocalSentiment>;
  /** The phrases that say most about the text, best first, `first` at most. */
  keywords(text: string, first: number, call?: LocalCall): Promise<LocalKeywords>;
  /** Extractive: sentences of the text itself, in the order of the text. */
  summarize(text: string, sentenceCount: number, call?: LocalCall): Promise<LocalSummary>;
  /** What has a form of its own: addresses, dates, amounts. No names of people or places. */
  entities(text: string, call?: LocalCall): Promise<LocalEntities>;
  /** Gives calls under way a moment to finish, refuses the others, and ends the thread. */
  close(): Promise<void>;
}

/** How long one call may take, and who may give it up. */
export interface LocalCall {
  /** From the call to its answer, waiting included. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Which model answered; all names begin with `local/`. */
export interface LocalAnswer {
  readonly model: LocalModel;
}

export type LocalModel =
  | 'local/universal-sentence-encoder-lite'
  | 'local/eld-small'
  | 'local/vader'
  | 'local/wink-eng-lite';

export interface LocalEmbeddings extends LocalAnswer {
  readonly vectors: readonly Float32Array[];
  readonly dimensions: number;
  /** Tokens of the model's own vocabulary. */
  readonly inputTokens: number;
}

export interface LocalRanking extends LocalAnswer {
  readonly ranked: readonly { readonly index: number; readonly score: number }[];
  readonly inputTokens: number;
}

/** One value of an enum, as its SDL describes it. */
export interface LocalLabel {
  readonly value: string;
  /** Says what belongs to the value, in words that such texts use: `billing, invoice, payment, refund`. */
  readonly description: string | null;
}

export interface LocalClassification extends LocalAnswer {
  /** `null` when the best label is not clearly better than the next. */
  readonly value: string | null;
  /** Of the best label, from 0 to 1; the scores of all labels are 1 together. */
  readonly score: number;
  /** How far the best label's score is above the next one's. */
  readonly margin: number;
  /** Best first. */
  readonly scores: readonly { readonly value: string; readonly score: number }[];
}

export interface LocalLanguage extends LocalAnswer {
  /** ISO 639-1, `null` when nothing can be said, as of a number. */
  readonly language: string | null;
  /** Whether the text is long and clear enough for the answer to be relied on. */
  readonly reliable: boolean;
}

export interface LocalSentiment extends LocalAnswer {
  readonly sentiment: 'NEGATIVE' | 'NEUTRAL' | 'POSITIVE';
  /** From -1 to 1. */
  readonly score: number;
}

export interface LocalKeywords extends LocalAnswer {
  readonly keywords: readonly { readonly text: string; readonly score: number }[];
}

export interface LocalSummary extends LocalAnswer {
  readonly sentences: readonly string[];
}

export type LocalEntityKind = 'EMAIL' | 'URL' | 'DATE' | 'TIME' | 'MONEY' | 'PERCENT' | 'DURATION' | 'NUMBER';

export interface LocalEntities extends LocalAnswer {
  /** In the order of the text; `text` stands in it letter by letter. */
  readonly entities: readonly { readonly kind: LocalEntityKind; readonly text: string }[];
}

export type LocalErrorCode =
  /** Too many calls wait already. */
  | 'QUEUE_FULL'
  /** The call's time is over. */
  | 'TIMEOUT'
  /** The caller's signal was aborted. */
  | 'ABORTED'
  /** An empty or too long text, too many texts. */
  | 'BAD_INPUT'
  /** The models cannot do that well enough to be honest; the message says why. */
  | 'UNSUPPORTED'
  /** The thread ended in the middle of the call, or the models cannot be loaded. */
  | 'UNAVAILABLE'
  | 'CLOSED';

/** The message is one sentence that may be shown to a client. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
