import {
  CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigProblem } from './configProblem.ts';

const maxBytes = 1_000_000;
const maxDepth = 64;
/** How much an alias may multiply its anchor before the file is refused (`maxAliasCount` of the yaml package). */
const maxAliasCount = 100;
/** One mistake often makes the parser stumble many times; the first few tell it. */
const maxSyntaxProblems = 5;

/** A parsed configuration file; `value` has a meaning only if there are no problems. */
export interface ParsedConfig {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Parses a YAML 1.2 or JSON configuration file into plain data: `null`, booleans, numbers, strings, arrays and objects.
 *
 * Keys become own properties whatever they are called (`__proto__` too), and all of them are strings. Merge keys are
 * not applied. Refused, with line and column: syntax errors, duplicate keys, keys that are not scalars, a second
 * document, an anchor that contains itself, nesting beyond 64 levels, more than 1 MB.
 */
export function parseConfigText(text: string): ParsedConfig {
  const refuse = (message: string): ParsedConfig => ({ value: undefined, problems: [{ key: [], message }] });
  if (Buffer.byteLength(text) > maxBytes) return refuse(`the file is larger than ${maxBytes} bytes`);
  if (depthOf(text) > maxDepth) return refuse(`the file is nested deeper than ${maxDepth} levels`);

  const lines = new LineCounter();
  // Keys are compared here, with a set: the parser compares each with each, which 1 MB of keys makes minutes.
  // Pretty errors are off for the same reason: each would copy out its line.
  const options = { lineCounter: lines, uniqueKeys: false, prettyErrors: false, resolveKnownTags: false };
  try {
    const document = parseDocument(text, options);
    const problems =
      document.errors.length > 0 ? syntaxProblems(document, lines) : findStructureProblems(document, lines);
    if (problems.length > 0) return { value: undefined, problems: problems.slice(0, maxSyntaxProblems) };
    return { value: document.toJS({ maxAliasCount }), problems: [] };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/**
 * How deeply the text nests, told from its tokens alone.
 *
 * Asked before parsing, because the parser calls itself for each level: a text of some thousand brackets ends the whole
 * process (V8 gives up where it has to compile a regular expression with no stack left), which no `catch` sees.
 */
function depthOf(text: string): number {
  const columns: number[] = [];
  let column = 0;
  let flow = 0;
  let colons = 0;
  let deepest = 0;
  let lineBegins = true;
  let isScalarText = false;
  for (const token of new Lexer().lex(text)) {
    const type: string | null = isScalarText ? 'text' : CST.tokenType(token);
    // These two mark what comes next and are no part of the text.
    isScalarText = type === 'scalar';
    const takesRoom = type !== 'scalar' && type !== 'doc-mode' && type !== 'flow-error-end';

    if (type === 'flow-seq-start' || type === 'flow-map-start') flow++;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flow = Math.max(0, flow - 1);
    if (type === 'flow-error-end') flow = 0;
    if (type === 'map-value-ind') colons++;
    const nests: boolean =
      type === 'seq-item-ind' ||
      type === 'explicit-key-ind' ||
      (type === 'map-value-ind' && (lineBegins || colons > 1));
    const isContent = takesRoom && type !== 'space' && type !== 'newline' && type !== 'comment';
    // In block style each level stands further right than the one around it, also `- - x` on one line.
    if (flow === 0 && isContent && (lineBegins || nests)) {
      while ((columns.at(-1) ?? -1) >= column) columns.pop();
      columns.push(column);
      lineBegins = nests;
    }
    deepest = Math.max(deepest, columns.length + flow);
    const lastBreak = token.lastIndexOf('\n');
    if (lastBreak === token.length - 1) {
      lineBegins = true;
      colons = 0;
    }
    if (takesRoom) column = lastBreak === -1 ? column + token.length : token.length - lastBreak - 1;
  }
  return deepest;
}

function syntaxProblems(document: Document.Parsed, lines: LineCounter): ConfigProblem[] {
  return document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const what =
      error.code === 'MULTIPLE_DOCS' ? 'The file holds more than one YAML document' : error.message;
    return { key: [], message: `${what} at line ${line}, column ${col}` };
  });
}

function findStructureProblems(document: Document.Parsed, lines: LineCounter): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (what: string, node: unknown): void => {
    const at = lines.linePos(isNode(node) ? (node.range?.[0] ?? 0) : 0);
    problems.push({ key: [], message: `${what} at line ${at.line}, column ${at.col}` });
  };
  const checkKeys = (keys: readonly unknown[]): void => {
    const seen = new Set<string>();
    for (const key of keys) {
      if (!isScalar(key)) {
        report('A key must be a scalar', key);
        continue;
      }
      const name = key.value === null ? '' : String(key.value);
      if (seen.has(name)) report(`Map keys must be unique: ${JSON.stringify(name)} stands twice`, key);
      seen.add(name);
    }
  };
  visit(document, (_, node, ancestors) => {
    if (isMap(node)) checkKeys(node.items.map((pair) => pair.key));
    if (!isAlias(node)) return;
    const anchor: Node | undefined = node.resolve(document);
    if (anchor === undefined) report(`Unresolved alias: no anchor before it is named ${node.source}`, node);
    else if (ancestors.includes(anchor)) report(`The anchor ${node.source} contains itself`, node);
  });
  return problems;
}
