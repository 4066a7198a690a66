import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../../subgraphs/host/settings.ts';

const defaults = { name: 'products', port: 4002 };

describe('subgraph settings', () => {
  test('an empty environment gives the defaults', () => {
    expect(readSettings(defaults, {})).toEqual({
      host: '127.0.0.1',
      port: 4002,
      database: { kind: 'sqlite', file: path.resolve('.tributary/databases/products.sqlite') },
      logLevel: 'info',
      logFormat: 'json',
      seed: true,
      production: false,
      registration: undefined,
    });
  });

  test('production writes no example rows unless told to', () => {
    const environment = { NODE_ENV: 'production' };
    const seeds = [environment, { ...environment, SEED: 'true' }, { SEED: 'false' }, { SEED: '' }];
    expect(seeds.map((given) => readSettings(defaults, given).seed)).toEqual([false, true, false, true]);
  });

  test.each([
    ['postgres://app@db/shop', { kind: 'postgres', url: 'postgres://app@db/shop' }],
    ['postgresql://app@db/shop', { kind: 'postgres', url: 'postgresql://app@db/shop' }],
    ['file::memory:', { kind: 'sqlite', file: ':memory:' }],
    ['file:/data/shop.sqlite', { kind: 'sqlite', file: '/data/shop.sqlite' }],
    ['file:///data/shop.sqlite', { kind: 'sqlite', file: '/data/shop.sqlite' }],
    ['file:shop.sqlite', { kind: 'sqlite', file: path.resolve('shop.sqlite') }],
  ])('DATABASE_URL %s', (url, database) => {
    expect(readSettings(defaults, { DATABASE_URL: url }).database).toEqual(database);
  });

  test.each([
    [{ PORT: 'http' }, 'The environment variable PORT must be a port number from 0 to 65535, not "http".'],
    [{ PORT: '70000' }, 'The environment variable PORT must be a port number from 0 to 65535, not "70000".'],
    [{ SEED: 'yes' }, 'The environment variable SEED must be "true" or "false", not "yes".'],
    [
      { LOG_LEVEL: 'loud' },
      'The environment variable LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud".',
    ],
    [
      { DATABASE_URL: 'mysql://root:secret@db/shop' },
      'The environment variable DATABASE_URL must be a postgres://, postgresql:// or file: URL without options.',
    ],
  ])('%j is refused in one sentence', (environment, sentence) => {
    expect(() => readSettings(defaults, environment)).toThrow(sentence);
  });
});
