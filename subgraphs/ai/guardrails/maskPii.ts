import { type Guardrail, pass, type Verdict } from '../guardrail.ts';

/**
 * Puts `[EMAIL]`, `[IBAN]`, `[CARD]` and `[PHONE]` in the place of such values, so that a provider does not learn them.
 * Card numbers and IBANs are told from other numbers by their check digits.
 */
export const maskPii: Guardrail = { name: 'mask_pii', input: mask, output: mask };

const email = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const iban = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g;
const card = /\b\d(?:[ -]?\d){12,18}\b/g;
/** With a country code, a leading zero or an area code in brackets: a bare number is no telephone. */
const phone =
  /(?<![\w.])(?:\+\d{1,3}[ .-]?|00\d{1,3}[ .-]?|\(?0|\(\d{2,5}\)[ .-]?)\d(?:[ ./()-]{0,2}\d){5,12}(?![\w])/g;

function mask(text: string): Verdict {
  const masked = text
    .replaceAll(email, '[EMAIL]')
    .replaceAll(iban, (found) => maskIban(found))
    .replaceAll(card, (found) => (isCardNumber(found.replaceAll(/\D/g, '')) ? '[CARD]' : found))
    .replaceAll(phone, '[PHONE]');
  return masked === text ? pass : { kind: 'replace', text: masked };
}

/** The match may run on into the next words in capitals: the longest part whose check digits fit is the IBAN. */
function maskIban(found: string): string {
  for (let end = found.length; end >= 15; end = found.lastIndexOf(' ', end - 1)) {
    if (isIban(found.slice(0, end).replaceAll(' ', ''))) return `[IBAN]${found.slice(end)}`;
  }
  return found;
}

/** Source: ISO 13616, check digits by ISO 7064 MOD 97-10. */
function isIban(text: string): boolean {
  if (text.length < 15 || text.length > 34) return false;
  let remainder = 0;
  for (const sign of `${text.slice(4)}${text.slice(0, 4)}`) {
    const digits = /\d/.test(sign) ? sign : String(sign.charCodeAt(0) - 55);
    for (const digit of digits) remainder = (remainder * 10 + Number(digit)) % 97;
  }
  return remainder === 1;
}

/** Source: ISO/IEC 7812-1, annex B, the Luhn formula. */
function isCardNumber(digits: string): boolean {
  let sum = 0;
  [...digits].reverse().forEach((digit, index) => {
    const doubled = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
}
