import type DataLoader from 'dataloader';
import { SubgraphError } from './errors.ts';

/** The loaders of an entity by the names of its single-field keys. */
export type KeyLoaders = Readonly<Record<string, DataLoader<string, object | null>>>;

/**
 * Makes the `__resolveReference` of an entity that has a loader for each of its keys. It is asynchronous, so that a
 * reference that cannot be used is an error of its own entity and not of all the others in the list.
 *
 * @throws SubgraphError BAD_USER_INPUT for a reference without any of the keys
 */
export function byKeys<Context>(typeName: string, loadersOf: (context: Context) => KeyLoaders) {
  return async (reference: object, context: Context): Promise<object | null> => {
    const loaders = loadersOf(context);
    const given = reference as Readonly<Record<string, unknown>>;
    for (const [key, loader] of Object.entries(loaders)) {
      const value = given[key];
      if (typeof value === 'string') return loader.load(value);
    }
    const keys = Object.keys(loaders).map((key) => `\`${key}\``);
    throw new SubgraphError(
      'BAD_USER_INPUT',
      `A reference to a ${typeName} needs ${keys.join(' or ')}, a string.`,
    );
  };
}
