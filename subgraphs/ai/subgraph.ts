import { isMain, runSubgraph } from '../host/run.ts';
import type { SubgraphDefinition } from '../host/subgraph.ts';
import { readAiSettings } from './aiSettings.ts';
import type { AiContext } from './context.ts';
import { openLocalEngine } from './local/localEngine.ts';
import { type MoneyTables, moneyTables } from './money/tables.ts';
import { openAi } from './openAi.ts';

/** Language models as typed, metered fields: of Query, and of the entities of other subgraphs. */
export const ai: SubgraphDefinition<MoneyTables, AiContext> = {
  name: 'ai',
  port: 4005,
  folder: import.meta.dirname,
  migrations: { '0001-money': moneyTables },
  // the schema is compiled of the files in prompts/, and changes with them
  resolvers: null,
  // everybody may ask, within budgets and points; teams restrict their fields by federation's directives
  permissions: null,
  async seed() {},
  open: (parts) =>
    openAi(parts, {
      settings: readAiSettings(import.meta.dirname, parts.environment),
      local: openLocalEngine(),
    }),
};

if (isMain(import.meta.url)) await runSubgraph(ai);
