import { z } from 'zod';
import { isMain, runSubgraph } from '../host/run.ts';
import { readEnvironment } from '../host/settings.ts';
import type { SubgraphDefinition } from '../host/subgraph.ts';
import { type AccountsContext, accountsLoaders } from './loaders.ts';
import { tables } from './migrations/tables.ts';
import { accountsPermissions } from './permissions.ts';
import { type AccountsTables, accountsRecords } from './records.ts';
import { accountsResolvers } from './resolvers.ts';
import { seedAccounts } from './seed.ts';
import { SignInAttempts } from './signInAttempts.ts';
import { openTokens } from './tokens.ts';

const shape = {
  SIGN_IN_ATTEMPTS_PER_MINUTE: z.coerce
    .number({ error: 'a whole number from 1' })
    .int('a whole number from 1')
    .min(1, 'a whole number from 1')
    .default(10),
};

/** Users, their roles and scopes, and the sign-in that everything else relies on. */
export const accounts: SubgraphDefinition<AccountsTables, AccountsContext> = {
  name: 'accounts',
  port: 4001,
  folder: import.meta.dirname,
  migrations: { '0001-tables': tables },
  resolvers: accountsResolvers,
  permissions: accountsPermissions,
  seed: seedAccounts,
  async open({ db, environment }) {
    const settings = readEnvironment(shape, environment);
    const records = accountsRecords(db);
    const tokens = await openTokens(records);
    const attempts = new SignInAttempts(settings.SIGN_IN_ATTEMPTS_PER_MINUTE);
    return {
      context: (principal) => ({ records, tokens, attempts, loaders: accountsLoaders(records), principal }),
      routes(app) {
        app.get('/.well-known/jwks.json', async (_request, reply) =>
          reply.header('cache-control', 'public, max-age=300').send(tokens.keySet),
        );
      },
    };
  },
};

if (isMain(import.meta.url)) await runSubgraph(accounts);
