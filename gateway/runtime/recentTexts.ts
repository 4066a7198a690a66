/** What all texts may have together, in characters. */
const MAX_CHARACTERS = 16_000_000;
/** What an entry takes beside its text, so that short texts are not too many. */
const ENTRY_CHARACTERS = 200;

/**
 * What was found out about texts that came lately. There are two generations: when the younger is full it becomes the older,
 * and what nobody asked for meanwhile is forgotten. So a look-up is one, mostly, and moves nothing.
 */
export class RecentTexts<Value> {
  #young = new Map<string, { readonly value: Value }>();
  #old = new Map<string, { readonly value: Value }>();
  #youngCharacters = 0;

  /** What is known of a text, found out when it is not. */
  getOrMake(text: string, make: () => Value): Value {
    const young = this.#young.get(text);
    if (young !== undefined) return young.value;
    const known = this.#old.get(text) ?? { value: make() };
    this.#young.set(text, known);
    this.#youngCharacters += text.length + ENTRY_CHARACTERS;
    if (this.#youngCharacters >= MAX_CHARACTERS / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    return known.value;
  }
}
