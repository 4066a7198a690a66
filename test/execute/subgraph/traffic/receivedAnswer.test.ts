import { describe, expect, test } from '@jest/globals';
import { headersOfFailure } from '../../../../gateway/execute/subgraph/readAnswer.ts';
import { ReceivedAnswer } from '../../../../gateway/execute/subgraph/traffic/receivedAnswer.ts';

const answerOf = (statusCode: number, body: string, keepsHeaders = false): ReceivedAnswer =>
  new ReceivedAnswer(
    { statusCode, headers: { 'content-type': 'application/json', a: 'b' }, chunks: [Buffer.from(body)] },
    { subgraph: 'reviews', keepsHeaders },
  );

describe('received answer', () => {
  test('gives each who takes it data of its own', () => {
    const answer = answerOf(200, '{"data":{"a":{}}}');
    expect(answer.isFailure).toBe(false);
    const taken = [answer.take(), answer.take(), answer.take()];
    expect(taken).toEqual(Array(3).fill({ data: { a: {} } }));
    expect(new Set(taken.map(({ data }) => data?.a)).size).toBe(3);
  });

  test('gives each who takes it the headers, where they were asked for', () => {
    const answer = answerOf(200, '{"data":{}}', true);
    expect(answer.isFailure).toBe(false);
    const headers = { 'content-type': 'application/json', a: 'b' };
    expect([answer.take(), answer.take()]).toEqual(Array(2).fill({ data: {}, headers }));
  });

  test.each([
    [true, 'b'],
    [false, undefined],
  ])('of what is no GraphQL, the headers too: asked for %s', (keepsHeaders, a) => {
    let thrown: unknown;
    try {
      answerOf(200, 'no', keepsHeaders).take();
    } catch (error) {
      thrown = error;
    }
    expect(headersOfFailure(thrown)?.a).toBe(a);
  });

  test.each<[string, number, string, boolean]>([
    ['a 500', 500, '{"data":{}}', true],
    ['a 503 without GraphQL', 503, 'no', true],
    ['a success without GraphQL', 200, 'no', true],
    ['errors', 200, '{"errors":[{"message":"no"}]}', false],
    ['a 404 without GraphQL', 404, 'no', false],
    ['a 429', 429, '{"errors":[{"message":"no"}]}', false],
  ])('%s', (_what, status, body, isFailure) => {
    expect(answerOf(status, body).isFailure).toBe(isFailure);
  });

  test('of what is no GraphQL is an error for each who takes it', () => {
    const answer = answerOf(200, 'no');
    expect(answer.isFailure).toBe(true);
    expect(() => answer.take()).toThrow('the body is not JSON');
    expect(() => answer.take()).toThrow('the body is not JSON');
  });
});
