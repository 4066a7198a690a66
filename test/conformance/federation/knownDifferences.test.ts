import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { knownCompiledDifferences, knownStockDifferences } from '../../support/federationCase.ts';

const folder = import.meta.dirname;
const sources = readdirSync(folder)
  .filter((name) => name !== path.basename(import.meta.filename))
  .map((name) => readFileSync(path.join(folder, name), 'utf8'));
const timesNamed = (name: string): number => sources.join('\n').split(`test('${name}'`).length - 1;

describe('conformance: known differences', () => {
  // a case is known by its name alone: it must exist, and be the only one of that name
  test.each([knownStockDifferences, knownCompiledDifferences])('each is one case of the suite', (table) => {
    expect(Object.keys(table).filter((name) => timesNamed(name) !== 1)).toEqual([]);
  });
});
