import type { ExecutionResult } from 'graphql';
import { SerializedData } from '../../gateway/respond/serializedData.ts';

/** One way in which an answer is not the oracle's. */
export interface Difference {
  readonly kind: 'data' | 'key order' | 'missing error' | 'unexpected error' | 'wrong message' | 'exception';
  readonly detail: string;
}

/** An answer as the client reads it. */
export interface Answer {
  /** JSON text of `data`. */
  readonly data: string;
  readonly errors: readonly AnswerError[];
}

interface AnswerError {
  readonly message: string;
  readonly path: readonly (string | number)[] | undefined;
}

/** Reads a result, whether its `data` are an object or a text that is ready to be sent. */
export function answerOf(result: ExecutionResult): Answer {
  return {
    data: dataText(result),
    errors: (result.errors ?? []).map(({ message, path }) => ({ message, path })),
  };
}

function dataText({ data }: ExecutionResult): string {
  if (data instanceof SerializedData) return data.bytes.toString('utf8');
  return JSON.stringify(data ?? null);
}

/**
 * Compares an answer with the oracle's.
 *
 * - `data` is compared as JSON text, so the order of keys counts (GraphQL specification, §7.2.2 "Serialized Map Ordering").
 * - An error whose own place is null in the data must be there once or more, with its path and its message.
 * - Errors that took a parent with them are compared by that parent: at least one error must be at or below it, and no
 *   error may be below a place where the oracle has none. Which of several siblings is reported is not compared, nor its
 *   message: the specification (§6.4.4 "Handling Execution Errors") lets an executor cancel siblings when a parent
 *   becomes null, graphql-js itself reports those it met before, and a gateway may not even have fetched the others.
 *   What is compared is that it is a failure of the data, and not of a subgraph that was asked for the wrong thing.
 * - Not compared: the order and the number of equal errors, `locations` (a gateway's subgraph error has none), and
 *   `extensions` (the oracle has no subgraphs to name).
 */
export function compareAnswers(actual: Answer, expected: Answer): Difference[] {
  const differences: Difference[] = [];
  const expectedData: unknown = JSON.parse(expected.data);
  if (actual.data !== expected.data) {
    const isOrder = canonical(JSON.parse(actual.data)) === canonical(expectedData);
    differences.push({
      kind: isOrder ? 'key order' : 'data',
      detail: firstDifference(JSON.parse(actual.data), expectedData, []) ?? 'the texts differ',
    });
  }
  const expectedByPlace = byPlace(expected.errors, expectedData);
  const actualByPlace = byPlace(actual.errors, expectedData);
  for (const [place, errors] of expectedByPlace) {
    const found = actualByPlace.get(place);
    if (found === undefined) {
      differences.push({ kind: 'missing error', detail: errors.map(textOf).join('; ') });
      continue;
    }
    const isForeign = (error: AnswerError): boolean =>
      !KNOWN_FAILURE.test(error.message) && !errors.some((other) => textOf(other) === textOf(error));
    for (const error of found.filter(isForeign)) {
      differences.push({ kind: 'wrong message', detail: `${textOf(error)} is no failure of the data` });
    }
    const exact = errors.filter((error) => JSON.stringify(error.path ?? []) === place);
    // an error of the place itself stands alone, as nothing below it was executed
    if (exact.length === 0) continue;
    for (const error of found) {
      if (!exact.some((other) => textOf(other) === textOf(error))) {
        differences.push({
          kind: 'wrong message',
          detail: `${textOf(error)} in place of ${exact.map(textOf).join('; ')}`,
        });
      }
    }
  }
  for (const [place, errors] of actualByPlace) {
    if (expectedByPlace.has(place)) continue;
    differences.push({ kind: 'unexpected error', detail: errors.map(textOf).join('; ') });
  }
  return differences;
}

/** What the data fail with; a subgraph that was asked for what it does not have says something else. */
const KNOWN_FAILURE = /^(Failed: |Cannot return null for non-nullable )/;

/** Groups errors by the place that they made null: the longest part of their path that the data have. */
function byPlace(errors: readonly AnswerError[], data: unknown): Map<string, AnswerError[]> {
  const groups = new Map<string, AnswerError[]>();
  for (const error of errors) {
    const path = error.path ?? [];
    let value = data;
    const place: (string | number)[] = [];
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) break;
      value = (value as Record<string | number, unknown>)[step];
      place.push(step);
    }
    // a place that is not null was not nulled by an error: the path leads elsewhere
    const key = value === null ? JSON.stringify(place) : `not null: ${JSON.stringify(path)}`;
    groups.set(key, [...(groups.get(key) ?? []), error]);
  }
  return groups;
}

function textOf({ message, path }: AnswerError): string {
  return `${JSON.stringify(path ?? [])} ${message}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.entries(item).sort(([left], [right]) => (left < right ? -1 : 1));
  });
}

/** Where two answers part, for people: `data.f1[0].id: "a" in place of "b"`. */
function firstDifference(actual: unknown, expected: unknown, path: readonly string[]): string | undefined {
  const say = (what: string): string => `data${path.join('')}: ${what}`;
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length)
      return say(`${actual.length} items in place of ${expected.length}`);
    for (const [index, item] of expected.entries()) {
      const found = firstDifference(actual[index], item, [...path, `[${index}]`]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isRecord(actual) || !isRecord(expected)) {
    if (JSON.stringify(actual) === JSON.stringify(expected)) return undefined;
    return say(`${short(actual)} in place of ${short(expected)}`);
  }
  for (const name of Object.keys(expected)) {
    if (!Object.hasOwn(actual, name)) return say(`no key "${name}"`);
    const found = firstDifference(actual[name], expected[name], [...path, `.${name}`]);
    if (found !== undefined) return found;
  }
  const extra = Object.keys(actual).find((name) => !Object.hasOwn(expected, name));
  if (extra !== undefined) return say(`a key "${extra}" that was not asked for`);
  if (Object.keys(actual).join() === Object.keys(expected).join()) return undefined;
  return say(`keys ${Object.keys(actual)} in place of ${Object.keys(expected)}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
