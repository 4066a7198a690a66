import { describe, expect, test } from '@jest/globals';
import { type FormattedExecutionResult, GraphQLError } from 'graphql';
import { SerializedData, stringifyResponse } from '../../gateway/respond/serializedData.ts';

const written = (text: string): Record<string, unknown> =>
  new SerializedData(Buffer.from(`{"data":${text}}\n`)) as unknown as Record<string, unknown>;

const textOf = (response: FormattedExecutionResult): string => String(stringifyResponse(response));

describe('respond: data that is text already', () => {
  test('is written as it is', () => {
    expect(textOf({ data: written('{"a":1.0,"__proto__":"x"}') })).toBe(
      '{"data":{"a":1.0,"__proto__":"x"}}\n',
    );
  });

  test('stands between what else the response has, in its order', () => {
    const errors = [new GraphQLError('no', { path: ['a'] }).toJSON()];
    expect(textOf({ errors, data: written('{"a":null}'), extensions: { b: 'ü' } })).toBe(
      '{"errors":[{"message":"no","path":["a"]}],"data":{"a":null},"extensions":{"b":"ü"}}\n',
    );
  });

  test('lets out keys that have no value', () => {
    const response = { errors: undefined, data: written('{}'), extensions: undefined };
    expect(textOf(response)).toBe('{"data":{}}\n');
  });

  test('is parsed for who writes a response without knowing of it', () => {
    expect(JSON.stringify({ data: written('{ "a" : [1] }') })).toBe('{"data":{"a":[1]}}');
  });

  test.each([
    [{ data: null }, '{"data":null}\n'],
    [{ data: { a: 1 } }, '{"data":{"a":1}}\n'],
    [{ errors: [] }, '{"errors":[]}\n'],
  ])('other responses are JSON: %j', (response, text) => {
    expect(textOf(response)).toBe(text);
  });
});
