import { once } from 'node:events';
import type { Reservation } from '../../../../subgraphs/ai/money/contract.ts';
import { budgetOf, callOf, openMoney, settlementOf } from './openMoney.ts';

/*
 * A process that spends from a budget of one dollar: `<database URL> <calls>`. It reserves when it is told `reserve`, all calls
 * at once, says how many were granted, and settles those at `settle`.
 */
const [url = '', calls = '1'] = process.argv.slice(2);
const money = await openMoney(url);
money.settings = { ...money.settings, budgets: [budgetOf({ window: 'TOTAL' })] };
const say = (message: unknown): void => void process.send?.(message);

say('ready');
await once(process, 'message');
money.time = Date.now();
const decisions = await Promise.all(
  Array.from({ length: Number(calls) }, () => money.ledger.reserve(callOf())),
);
const granted = decisions.flatMap((decision): Reservation[] =>
  decision.kind === 'reserved' ? [decision.reservation] : [],
);
say(granted.length);
await once(process, 'message');
for (const reservation of granted) await reservation.settle(settlementOf());
await money.close();
process.disconnect();
