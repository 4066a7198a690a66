import { LocalError } from './contract.ts';

/** About what the encoder does in two seconds; sentences of a longer text would be asked for in parts. */
export const localLimits = {
  maxTexts: 1_000,
  maxTextCharacters: 50_000,
  maxTotalCharacters: 200_000,
} as const;

/** @throws LocalError BAD_INPUT */
export function checkText(text: string): void {
  if (text.length > localLimits.maxTextCharacters) {
    throw new LocalError(
      'BAD_INPUT',
      `A text has ${localLimits.maxTextCharacters} characters at most, not ${text.length}.`,
    );
  }
  if (text.trim() === '') throw new LocalError('BAD_INPUT', 'The text is empty.');
}

/** @throws LocalError BAD_INPUT */
export function checkTexts(name: string, texts: readonly string[]): void {
  if (texts.length > localLimits.maxTexts) {
    throw new LocalError(
      'BAD_INPUT',
      `There are ${localLimits.maxTexts} ${name} at most, not ${texts.length}.`,
    );
  }
  texts.forEach(checkText);
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  if (total > localLimits.maxTotalCharacters) {
    throw new LocalError(
      'BAD_INPUT',
      `All ${name} together have ${localLimits.maxTotalCharacters} characters at most, not ${total}.`,
    );
  }
}
