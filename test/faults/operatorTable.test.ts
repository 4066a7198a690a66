import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { instruments } from '../../gateway/telemetry/instruments.ts';
import { markdownTable, tableUnder } from '../support/markdownTable.ts';
import { faults } from './faults.ts';
import { type OperatorRow, operatorRows } from './operatorTable.ts';
import { scenarios } from './scenarios.ts';

const rows: readonly OperatorRow[] = Object.values(operatorRows);

describe('faults: the table for operators', () => {
  test('stands in the README, in its order', () => {
    const expected = markdownTable(
      ['What fails', 'What the client sees', 'Setting', 'Metric and log'],
      rows.map((row) => [row.fails, row.sees, row.settings === '' ? 'none' : row.settings, watchOf(row)]),
    );
    if (tableUnder('## When a subgraph fails', readme()) !== expected) {
      throw new Error(
        `The table under "## When a subgraph fails" in gateway/README.md has to be:\n\n${expected}\n`,
      );
    }
  });

  test('has a fault or a scenario for each row', () => {
    const provoked = new Set([...faults, ...scenarios].map(({ row }) => row));
    expect(Object.keys(operatorRows).filter((key) => !provoked.has(key as never))).toEqual([]);
  });

  test('names each fault once', () => {
    const names = [...faults, ...scenarios].map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('names metrics as they are measured', () => {
    const measured = new Set<string>(Object.values(instruments).map(({ name }) => name));
    const named = rows.flatMap(({ watch = '' }) => watch.match(/tributary\.[\w.]+/g) ?? []);
    expect([...named, 'http.client.request.duration'].filter((name) => !measured.has(name))).toEqual([]);
  });

  test('names settings as they are set', () => {
    const settings = tableUnder('## Settings', readme()) ?? '';
    const named = rows.flatMap((row) => row.settings.match(/[a-z_]+(\.[a-z_]+)+/g) ?? []);
    expect(named.filter((key) => !settings.includes(`\`${key}`))).toEqual([]);
  });
});

function readme(): string {
  return readFileSync(path.resolve(import.meta.dirname, '../../gateway/README.md'), 'utf8');
}

function watchOf({ outcome, isLogged, watch }: OperatorRow): string {
  return [`\`${outcome}\``, isLogged ? '`warn`' : '', watch ?? ''].filter((part) => part !== '').join(', ');
}
