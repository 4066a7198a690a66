import { eld } from 'eld/small';
import type { LocalLanguage } from './contract.ts';

/** More does not make the answer surer. */
const maxCharacters = 2_000;

export function language(text: string): LocalLanguage {
  const result = eld.detect(text.slice(0, maxCharacters));
  const found = result.language === '' ? null : result.language;
  return { model: 'local/eld-small', language: found, reliable: found !== null && result.isReliable() };
}
