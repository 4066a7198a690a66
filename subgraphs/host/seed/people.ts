/** One of the example users; `number` counts from 1. */
export interface SeedPerson {
  readonly id: string;
  readonly username: string;
  readonly name: string;
}

export const personCount = 300;

/** The three that can sign in, with the password `tributary`. */
const demoNames = ['Ada', 'Ben', 'Cleo'] as const;

const firstNames = [
  'Aiko', 'Amara', 'Anton', 'Bianca', 'Carlos', 'Chiara', 'Daniel', 'Elif', 'Emil', 'Farah', 'Felix', 'Grace', 'Hana',
  'Ines', 'Jonas', 'Kofi', 'Laila', 'Leo', 'Maja', 'Mateo', 'Nadia', 'Noah', 'Olga', 'Priya', 'Rafael', 'Ruth', 'Sofia',
  'Tariq', 'Vera', 'Yusuf',
] as const; // biome-ignore format: a list of words
const lastNames = [
  'Abebe',
  'Adler',
  'Bauer',
  'Berg',
  'Castro',
  'Cohen',
  'Dubois',
  'Ekström',
  'Ferrari',
  'Haddad',
  'Ito',
  'Jansen',
  'Kaya',
  'Keller',
  'Kowalski',
  'Lindqvist',
  'Martin',
  'Mensah',
  'Moreau',
  'Nakamura',
  'Novak',
  'Okafor',
  'Patel',
  'Petrov',
  'Rossi',
  'Santos',
  'Silva',
  'Walsh',
  'Weber',
  'Yilmaz',
] as const;

/** The accounts' user ids, which other subgraphs name without asking: `u-0001` is Ada. */
export function personId(number: number): string {
  return `u-${String(number).padStart(4, '0')}`;
}

/** The person with a number from 1 to `personCount`: every pair of first and last name occurs once at most. */
export function seedPerson(number: number): SeedPerson {
  const id = personId(number);
  const demo = demoNames[number - 1];
  if (demo) return { id, username: demo.toLowerCase(), name: demo };
  const index = number - 1 - demoNames.length;
  const first = firstNames[index % firstNames.length] ?? firstNames[0];
  // the last names move on by a step after each round, so that neighbours do not share one
  const round = Math.floor(index / firstNames.length);
  const last = lastNames[(index * 7 + round) % lastNames.length] ?? lastNames[0];
  const username = `${first}.${last}`
    .normalize('NFD')
    .replaceAll(/[^A-Za-z.]/g, '')
    .toLowerCase();
  return { id, username, name: `${first} ${last}` };
}
