import type { Transaction } from 'kysely';
import { inBatches } from '../host/migrate.ts';
import { personCount, seedPerson } from '../host/seed/people.ts';
import { seededRandom } from '../host/seed/random.ts';
import { hashPassword } from './passwords.ts';
import type { AccountsTables, Role } from './records.ts';

const demoRoles: readonly (readonly Role[])[] = [['ADMIN', 'CUSTOMER'], ['STAFF', 'CUSTOMER'], ['CUSTOMER']];
const demoPassword = 'tributary';
const notes = [
  'Prefers e-mail to the phone.',
  'Asked for invoices on paper.',
  'Tests new products for us.',
] as const;

/**
 * Writes the example users. Only `ada`, `ben` and `cleo` have a password: a hash takes a tenth of a second, and
 * hundreds of accounts with one known password are good for nothing.
 */
export async function seedAccounts(transaction: Transaction<AccountsTables>): Promise<void> {
  const random = seededRandom(4001);
  const hashes = await Promise.all(demoRoles.map(() => hashPassword(demoPassword)));
  const users: AccountsTables['users'][] = [];
  const roles: AccountsTables['user_roles'][] = [];
  for (let number = 1; number <= personCount; number += 1) {
    const person = seedPerson(number);
    users.push({
      ...person,
      email: `${person.username}@example.com`,
      password_hash: hashes[number - 1] ?? null,
      joined_at: Date.UTC(2021, 0, 1 + random.below(1_700), random.below(24), random.below(60)),
      internal_note: random.chance(0.1) ? random.pick(notes) : null,
    });
    const own =
      demoRoles[number - 1] ?? (random.chance(0.05) ? (['STAFF', 'CUSTOMER'] as const) : ['CUSTOMER']);
    for (const role of own) roles.push({ user_id: person.id, role: role as Role });
  }
  for (const batch of inBatches(users)) await transaction.insertInto('users').values(batch).execute();
  for (const batch of inBatches(roles)) await transaction.insertInto('user_roles').values(batch).execute();
}
