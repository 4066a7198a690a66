import { describe } from '@jest/globals';
import { pagingFacts } from './facts/paging.ts';
import { referenceFacts } from './facts/references.ts';
import { reservationFacts } from './facts/reservations.ts';
import { reviewFacts } from './facts/reviewRules.ts';
import { statementFacts } from './facts/statements.ts';
import { inMemory } from './openForTest.ts';

describe('subgraphs: paging over SQLite', () => pagingFacts(inMemory));
describe('subgraphs: references over SQLite', () => referenceFacts(inMemory));
describe('subgraphs: statements over SQLite', () => statementFacts(inMemory));
describe('subgraphs: reservations over SQLite', () => reservationFacts(inMemory));
describe('subgraphs: review rules over SQLite', () => reviewFacts(inMemory));
