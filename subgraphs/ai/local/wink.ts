import { createRequire } from 'node:module';

/*
 * The part of wink-nlp that is used here. Its own types describe a default export that the CommonJS module does not have.
 */

export interface WinkToken {
  /** As in the text. */
  readonly value: string;
  /** Universal part of speech: `NOUN`, `PROPN`, `ADJ`. */
  readonly pos: string;
  readonly isStopWord: boolean;
}

export interface WinkText {
  readonly sentences: readonly string[];
  readonly tokens: readonly WinkToken[];
  readonly entities: readonly { readonly value: string; readonly type: string }[];
}

interface Selection {
  out(its: unknown): readonly unknown[];
}

interface WinkDocument {
  sentences(): { out(): readonly string[] };
  tokens(): Selection;
  entities(): Selection;
}

interface Wink {
  readonly its: Readonly<Record<'value' | 'pos' | 'stopWordFlag' | 'detail', unknown>>;
  readDoc(text: string): WinkDocument;
}

/** Rules and word lists for English: sentences, parts of speech, entities. */
export function loadWink(): (text: string) => WinkText {
  const require = createRequire(import.meta.url);
  const create: (model: unknown, pipe: readonly string[]) => Wink = require('wink-nlp');
  const { its, ...wink } = create(require('wink-eng-lite-web-model'), ['sbd', 'pos', 'ner']);
  return (text) => {
    const document = wink.readDoc(text);
    return {
      get sentences() {
        return document.sentences().out();
      },
      get tokens() {
        const tokens = document.tokens();
        const [values, tags, stops] = [its.value, its.pos, its.stopWordFlag].map((of) => tokens.out(of));
        return (values ?? []).map((value, index) => ({
          value: String(value),
          pos: String(tags?.[index]),
          isStopWord: stops?.[index] === true,
        }));
      },
      get entities() {
        return document.entities().out(its.detail) as WinkText['entities'];
      },
    };
  };
}
