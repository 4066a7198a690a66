/** A table as it stands in a README: header and rows, a pipe inside a cell escaped (GitHub Flavored Markdown §4.10). */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), `|${' --- |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** The first table after a heading of the text, without what formatters pad it with; `undefined` where there is none. */
export function tableUnder(heading: string, text: string): string | undefined {
  const [, after] = text.split(`\n${heading}\n`);
  const table = after?.split(/\n#{1,6} /)[0]?.match(/^\|.*(?:\n\|.*)*/m)?.[0];
  return table
    ?.split('\n')
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replace(/^-+$/, '---'))
        .join(' | ')
        .trim(),
    )
    .join('\n');
}
