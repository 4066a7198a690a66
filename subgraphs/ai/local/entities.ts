import type { LocalEntities, LocalEntityKind } from './contract.ts';
import type { WinkText } from './wink.ts';

const kinds: ReadonlyMap<string, LocalEntityKind> = new Map([
  ['EMAIL', 'EMAIL'],
  ['URL', 'URL'],
  ['DATE', 'DATE'],
  ['TIME', 'TIME'],
  ['MONEY', 'MONEY'],
  ['PERCENT', 'PERCENT'],
  ['DURATION', 'DURATION'],
  ['CARDINAL', 'NUMBER'],
]);

/** What wink-nlp finds by the form of it, as it stands in the text. */
export function entities(text: string, read: WinkText): LocalEntities {
  const found: { kind: LocalEntityKind; text: string }[] = [];
  let from = 0;
  for (const { value, type } of read.entities) {
    const kind = kinds.get(type);
    // it takes the sign after an address for a part of it
    const trimmed = kind === 'URL' ? value.replace(/[.,;:!?)\]}'"]+$/, '') : value;
    const written = kind && writtenAs(text, trimmed, from);
    if (!kind || !written) continue;
    found.push({ kind, text: written.text });
    from = written.end;
  }
  return { model: 'local/wink-eng-lite', entities: found };
}

/** It gives the words with one space between them, whatever there is in the text. */
function writtenAs(
  text: string,
  value: string,
  from: number,
): { readonly text: string; readonly end: number } | null {
  const words = value.split(/\s+/).map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(words.join('\\s*'), 'g');
  pattern.lastIndex = from;
  const [found] = pattern.exec(text) ?? [];
  return found === undefined ? null : { text: found, end: pattern.lastIndex };
}
