import { describe, expect, test } from '@jest/globals';
import { printVariant, readVariant } from '../../gateway/engines/operationVariant.ts';

describe('engines: variants of an operation', () => {
  test.each([
    [{ percentage: 0, conditions: new Map() }, ''],
    [{ percentage: 12.5, conditions: new Map() }, '12.5'],
    [
      {
        percentage: 0,
        conditions: new Map([
          ['a', true],
          ['b', false],
        ]),
      },
      ' a=1 b=0',
    ],
    [{ percentage: 25, conditions: new Map([['a', false]]) }, '25 a=0'],
  ])('%j is %j, and is read so', (variant, text) => {
    expect([printVariant(variant), readVariant(text)]).toEqual([text, variant]);
  });
});
