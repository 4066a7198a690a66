import { createRequire } from 'node:module';
import util from 'node:util';

/*
 * graphql-shield 7.6.5 imports `isUndefined` of `util`, which Node.js 23 has removed: as an ES module it cannot be loaded there. As a
 * CommonJS module it can, and finds what it calls on the module that is lent to it here.
 */
if (!('isUndefined' in util)) Reflect.set(util, 'isUndefined', (value: unknown) => value === undefined);

type Shield = typeof import('graphql-shield');
const loaded = createRequire(import.meta.url)('graphql-shield') as Shield;

export const allow: Shield['allow'] = loaded.allow;
export const and: Shield['and'] = loaded.and;
export const chain: Shield['chain'] = loaded.chain;
export const deny: Shield['deny'] = loaded.deny;
export const inputRule: Shield['inputRule'] = loaded.inputRule;
export const not: Shield['not'] = loaded.not;
export const or: Shield['or'] = loaded.or;
export const race: Shield['race'] = loaded.race;
export const rule: Shield['rule'] = loaded.rule;
export const shield: Shield['shield'] = loaded.shield;
