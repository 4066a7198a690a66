import type { Logger } from 'pino';
import type { Circuits } from './call/circuits.ts';
import type { EmbeddingCalls } from './call/embeddingCalls.ts';
import type { ModelCalls } from './call/modelCalls.ts';
import type { LocalEngine } from './local/contract.ts';
import type { Availability } from './models/availability.ts';
import type { Models } from './models/models.ts';
import type { Ledger, PriceList } from './money/contract.ts';

/** What lives as long as the subgraph. */
export interface Services {
  /** The configuration in force. */
  models(): Models;
  readonly availability: Availability;
  readonly circuits: Circuits;
  readonly calls: ModelCalls;
  readonly embeddings: EmbeddingCalls;
  readonly ledger: Ledger;
  readonly prices: PriceList;
  readonly local: LocalEngine;
  readonly log: Logger;
}
