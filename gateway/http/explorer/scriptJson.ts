const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/**
 * JSON that can stand inside a `<script>` element, as code or as a data block.
 *
 * An HTML parser ends a script at `</script>` and changes its state at `<!--`, whatever the script's own syntax says; and
 * U+2028 and U+2029 end a line in JavaScript before ES2019. All of them only occur inside JSON strings, where an escape
 * means the same.
 *
 * Source: HTML, "Restrictions for contents of script elements".
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);
}
