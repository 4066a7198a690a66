import { describe, expect, test } from '@jest/globals';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../../gateway/errors.ts';
import { errorExposure } from '../../gateway/respond/errorExposure.ts';
import { formatErrorsBy, gatewayErrorOf, isFault } from '../../gateway/respond/formatErrors.ts';

/** What a client reads of an error, given what Apollo Server made of it. */
function shown(error: unknown, formatted?: Partial<GraphQLFormattedError>, exposed = true): unknown {
  const made = error instanceof GraphQLError ? error.toJSON() : { message: String(error) };
  const { http: _http, ...extensions } = made.extensions ?? {};
  const format = formatErrorsBy({ exposureOf: errorExposure({ all: exposed, subgraphs: {} }) });
  return format({ code: 'INTERNAL_SERVER_ERROR', ...made, extensions, ...formatted } as never, error);
}

const INTERNAL = { message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } };

describe('respond: faults of our own', () => {
  test.each([
    ['an exception', new TypeError('undefined is not a function')],
    ['what is no error', 'text'],
    ['an exception that graphql-js wrapped', new GraphQLError('x', { originalError: new Error('secret') })],
    ['a gateway error that clients may not read', new GatewayError('SETTINGS_INVALID', { message: '/etc' })],
  ])('%s shows the summary alone', (_what, error) => {
    expect(shown(error)).toEqual(INTERNAL);
  });

  test('an exception is found under any number of wrappings', () => {
    const inner = new GraphQLError('x', { originalError: new Error('secret') });
    expect(isFault(new GraphQLError('y', { originalError: inner }))).toBe(true);
  });

  test('a wrapped gateway error is found', () => {
    const error = new GatewayError('GATEWAY_TIMEOUT');
    expect(gatewayErrorOf(new GraphQLError('x', { originalError: error }))).toBe(error);
  });
});

describe('respond: errors that clients may read', () => {
  test('an error of GraphQL is shown as it is', () => {
    const formatted = { message: 'no', path: ['a'], extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } };
    expect(shown(new GraphQLError('no'), formatted)).toMatchObject(formatted);
  });

  // Apollo Server's `BadRequestError` has one code for all
  test.each([
    [405, 'METHOD_NOT_ALLOWED'],
    [406, 'INVALID_ACCEPT_HEADER'],
    [415, 'INVALID_CONTENT_TYPE_HEADER'],
    [400, 'BAD_REQUEST'],
  ])('a refusal with the status %i has the code %s', (status, code) => {
    const error = new GraphQLError('no', { extensions: { code: 'BAD_REQUEST', http: { status } } });
    expect(shown(error)).toMatchObject({ message: 'no', extensions: { code } });
  });

  test('the code of a subgraph is not changed by what it calls a status', () => {
    const error = new GraphQLError('no', { extensions: { code: 'BAD_REQUEST', service: 'products' } });
    expect(shown(error)).toMatchObject({ extensions: { code: 'BAD_REQUEST', service: 'products' } });
  });
});

// Source: Apollo Router, `include_subgraph_errors`.
describe('respond: errors of subgraphs', () => {
  const timeout = new GatewayError('GATEWAY_TIMEOUT', {
    message: "Subgraph 'products' did not answer within 5 ms",
    subgraph: 'products',
    path: ['top'],
  });
  const status = new GatewayError('SUBREQUEST_HTTP_ERROR', {
    message: "HTTP fetch failed from 'products': HTTP status 500",
    subgraph: 'products',
    extensions: { reason: 'HTTP status 500', subrequestStatus: 500 },
  });
  const reported = new GraphQLError('row 7 is locked', {
    path: ['top', 0],
    extensions: { code: 'LOCKED', table: 'products', service: 'products' },
  });

  test('are shown with the subgraph where they are exposed', () => {
    expect([shown(timeout), shown(status), shown(reported)]).toEqual([
      {
        message: "Subgraph 'products' did not answer within 5 ms",
        path: ['top'],
        extensions: { code: 'GATEWAY_TIMEOUT', service: 'products' },
      },
      {
        message: "HTTP fetch failed from 'products': HTTP status 500",
        extensions: {
          code: 'SUBREQUEST_HTTP_ERROR',
          service: 'products',
          reason: 'HTTP status 500',
          http: { status: 500 },
        },
      },
      {
        message: 'row 7 is locked',
        path: ['top', 0],
        extensions: { code: 'LOCKED', table: 'products', service: 'products' },
      },
    ]);
  });

  test('keep the path and a code of the gateway alone where they are redacted', () => {
    expect([timeout, status, reported].map((error) => shown(error, undefined, false))).toEqual([
      { message: 'Subgraph errors redacted', path: ['top'], extensions: { code: 'GATEWAY_TIMEOUT' } },
      { message: 'Subgraph errors redacted', extensions: { code: 'SUBREQUEST_HTTP_ERROR' } },
      {
        message: 'Subgraph errors redacted',
        path: ['top', 0],
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
      },
    ]);
  });
});
