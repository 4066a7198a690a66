/** A template, parsed once: what stands in a value is never read as template again. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly path: readonly string[] }
  | {
      readonly kind: 'section';
      readonly path: readonly string[];
      readonly children: readonly TemplateNode[];
    };

export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';
}

const tag = /\{\{\s*([#/]?)\s*([^{}]*?)\s*\}\}/y;
const pathPattern = /^(?:\.|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)$/;

interface Open {
  readonly path: readonly string[];
  readonly children: TemplateNode[];
}

/**
 * Reads `{{args.x}}`, `{{field}}`, `{{.}}` and `{{#list}}…{{/list}}`. A section repeats for each item of a list, enters
 * an object, and is left out for null; inside it names are looked for in the item first.
 *
 * @throws TemplateSyntaxError with the position
 */
export function parseTemplate(source: string): readonly TemplateNode[] {
  const root: TemplateNode[] = [];
  const open: Open[] = [];
  let at = 0;
  const add = (node: TemplateNode): void => void (open.at(-1)?.children ?? root).push(node);
  for (let next = source.indexOf('{{'); next !== -1; next = source.indexOf('{{', at)) {
    if (next > at) add({ kind: 'text', text: source.slice(at, next) });
    tag.lastIndex = next;
    const found = tag.exec(source);
    const [whole = '', sigil = '', name = ''] = found ?? [];
    if (found === null || !pathPattern.test(name)) {
      throw new TemplateSyntaxError(
        `at ${placeOf(source, next)} \`{{\` is not followed by a name and \`}}\``,
      );
    }
    at = next + whole.length;
    const path = name === '.' ? [] : name.split('.');
    if (sigil === '') add({ kind: 'value', path });
    else if (sigil === '#') open.push({ path, children: [] });
    else {
      const section = open.pop();
      if (section === undefined || section.path.join('.') !== path.join('.')) {
        throw new TemplateSyntaxError(`at ${placeOf(source, next)} \`${whole}\` closes what is not open`);
      }
      add({ kind: 'section', ...section });
    }
    // a section that stands on a line of its own leaves no empty line
    if (sigil !== '' && source[at] === '\n' && /(^|\n)[ \t]*$/.test(source.slice(0, next))) at += 1;
  }
  const unclosed = open.at(-1);
  if (unclosed) throw new TemplateSyntaxError(`\`{{#${unclosed.path.join('.')}}}\` is not closed`);
  if (at < source.length) root.push({ kind: 'text', text: source.slice(at) });
  return root;
}

function placeOf(source: string, index: number): string {
  const before = source.slice(0, index).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
