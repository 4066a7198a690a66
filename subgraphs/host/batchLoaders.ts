import DataLoader from 'dataloader';

/** Entity references of one request may be many; a statement takes this many keys at most. */
const maxBatchSize = 1_000;

/** Loads rows by a key, all keys of one tick in one statement; a key without a row gives `null`. */
export function rowLoader<Key extends string, Row>(
  read: (keys: readonly Key[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => Key,
): DataLoader<Key, Row | null> {
  return new DataLoader<Key, Row | null>(
    async (keys) => {
      const rows = new Map((await read(keys)).map((row) => [keyOf(row), row]));
      return keys.map((key) => rows.get(key) ?? null);
    },
    { maxBatchSize },
  );
}

/** Loads all rows that belong to a key, for example the roles of a user, in the order in which they are read. */
export function groupLoader<Key extends string, Row>(
  read: (keys: readonly Key[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => Key,
): DataLoader<Key, readonly Row[]> {
  return new DataLoader<Key, readonly Row[]>(
    async (keys) => {
      const groups = new Map<Key, Row[]>(keys.map((key) => [key, []]));
      for (const row of await read(keys)) groups.get(keyOf(row))?.push(row);
      return keys.map((key) => groups.get(key) ?? []);
    },
    { maxBatchSize },
  );
}

/** Asks the same of many parents: keys that differ only in `parent` are answered by one statement. */
export interface ParentKey<Question> {
  readonly parent: string;
  readonly question: Question;
}

/**
 * Loads something per parent that also depends on a question, for example a page of reviews per product. Fields that
 * ask the same question (nearly always: they stand at one place of the operation) share one statement.
 */
export function parentLoader<Question, Answer>(
  read: (parents: readonly string[], question: Question) => Promise<ReadonlyMap<string, Answer>>,
  otherwise: (question: Question) => Answer,
): DataLoader<ParentKey<Question>, Answer, string> {
  return new DataLoader<ParentKey<Question>, Answer, string>(
    async (keys) => {
      const groups = new Map<string, { question: Question; parents: string[] }>();
      for (const { parent, question } of keys) {
        const text = JSON.stringify(question);
        const group = groups.get(text) ?? { question, parents: [] };
        group.parents.push(parent);
        groups.set(text, group);
      }
      const answers = new Map<string, ReadonlyMap<string, Answer>>();
      await Promise.all(
        [...groups].map(async ([text, group]) => {
          answers.set(text, await read(group.parents, group.question));
        }),
      );
      return keys.map(
        ({ parent, question }) => answers.get(JSON.stringify(question))?.get(parent) ?? otherwise(question),
      );
    },
    { maxBatchSize, cacheKeyFn: ({ parent, question }) => JSON.stringify([parent, question]) },
  );
}
