import { describe, expect, test } from '@jest/globals';
import { subgraphError } from '../../../gateway/execute/subgraph/subgraphError.ts';

describe('execute: errors that a subgraph reports', () => {
  test('keep message, path, code and further extensions', () => {
    const error = subgraphError(
      { message: 'sold out', path: ['product', 0], extensions: { code: 'SOLD_OUT', left: 0 } },
      'products',
    );
    expect(error.toJSON()).toEqual({
      message: 'sold out',
      path: ['product', 0],
      extensions: { code: 'SOLD_OUT', left: 0, service: 'products' },
    });
  });

  test('without a code are DOWNSTREAM_SERVICE_ERROR', () => {
    expect(subgraphError({ message: 'no' }, 'products').toJSON()).toEqual({
      message: 'no',
      extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'products' },
    });
  });

  // `extensions.http` is what Apollo Server reads the status and headers of its own answer from
  test.each(['http', 'stacktrace', 'exception'])('lose `extensions.%s`', (name) => {
    const extensions = { [name]: { status: 500, headers: { 'set-cookie': 'a=b' } } };
    expect(subgraphError({ message: 'no', extensions }, 'products').extensions).toEqual({
      code: 'DOWNSTREAM_SERVICE_ERROR',
      service: 'products',
    });
  });

  test('cannot name another subgraph', () => {
    const { extensions } = subgraphError({ message: 'no', extensions: { service: 'accounts' } }, 'products');
    expect(extensions.service).toBe('products');
  });
});
