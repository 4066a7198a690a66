import { describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { SerializedData, stringifyResponse } from '../../gateway/respond/serializedData.ts';

const written = (text: string): Record<string, unknown> =>
  new SerializedData(text) as unknown as Record<string, unknown>;

describe('respond: data that is text already', () => {
  test('is written as it is', () => {
    expect(stringifyResponse({ data: written('{"a":1.0,"__proto__":"x"}') })).toBe(
      '{"data":{"a":1.0,"__proto__":"x"}}\n',
    );
  });

  test('stands between what else the response has, in its order', () => {
    const errors = [new GraphQLError('no', { path: ['a'] }).toJSON()];
    expect(stringifyResponse({ errors, data: written('{"a":null}'), extensions: { b: 'ü' } })).toBe(
      '{"errors":[{"message":"no","path":["a"]}],"data":{"a":null},"extensions":{"b":"ü"}}\n',
    );
  });

  test('lets out keys that have no value', () => {
    const response = { errors: undefined, data: written('{}'), extensions: undefined };
    expect(stringifyResponse(response)).toBe('{"data":{}}\n');
  });

  test('is parsed for who writes a response without knowing of it', () => {
    expect(JSON.stringify({ data: written('{ "a" : [1] }') })).toBe('{"data":{"a":[1]}}');
  });

  test.each([
    [{ data: null }, '{"data":null}\n'],
    [{ data: { a: 1 } }, '{"data":{"a":1}}\n'],
    [{ errors: [] }, '{"errors":[]}\n'],
  ])('other responses are JSON: %j', (response, text) => {
    expect(stringifyResponse(response)).toBe(text);
  });
});
