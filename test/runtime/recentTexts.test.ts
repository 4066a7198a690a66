import { describe, expect, test } from '@jest/globals';
import { RecentTexts } from '../../gateway/runtime/recentTexts.ts';

describe('runtime: recent texts', () => {
  test('are made once, whatever they are made of', () => {
    const texts = new RecentTexts<undefined>();
    let made = 0;
    const make = (): undefined => {
      made += 1;
    };
    for (const text of ['a', '__proto__', 'a', '__proto__']) texts.getOrMake(text, make);
    expect(made).toBe(2);
  });

  test('are kept while they are asked for, and forgotten when many others have come', () => {
    const texts = new RecentTexts<number>();
    let made = 0;
    const make = (): number => {
      made += 1;
      return made;
    };
    const [used, unused] = [texts.getOrMake('used', make), texts.getOrMake('unused', make)];
    for (let index = 0; index < 200; index += 1) {
      texts.getOrMake(`${index}${'x'.repeat(200_000)}`, () => 0);
      texts.getOrMake('used', make);
    }
    expect([texts.getOrMake('used', make) === used, texts.getOrMake('unused', make) === unused]).toEqual([
      true,
      false,
    ]);
  });
});
