import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { inMemory } from '../../openForTest.ts';
import { expiryFacts } from './facts/expiry.ts';
import { reportingFacts } from './facts/reporting.ts';
import { reservingFacts } from './facts/reserving.ts';
import { tenantLimitFacts } from './facts/tenantLimits.ts';

describe('ledger: reserving over SQLite', () => reservingFacts(inMemory));
describe('ledger: limits of tenants over SQLite', () => tenantLimitFacts(inMemory));
describe('ledger: reports over SQLite', () => reportingFacts(inMemory));

describe('ledger: expiry and processes over SQLite', () => {
  let folder: string;
  let files = 0;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-ledger-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  expiryFacts(async () => {
    files += 1;
    return `file:${path.join(folder, `${files}.sqlite`)}`;
  });
});
