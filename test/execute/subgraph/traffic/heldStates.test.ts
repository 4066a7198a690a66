import { expect, test } from '@jest/globals';
import { HeldStates } from '../../../../gateway/execute/subgraph/traffic/heldStates.ts';

test('who holds the same gets the same, for as long as somebody holds it', () => {
  const states = new HeldStates();
  const forgotten: string[] = [];
  let made = 0;
  const hold = (key: string) =>
    states.hold(key, () => {
      made += 1;
      const state = `${key}${made}`;
      return { state, forget: () => void forgotten.push(state) };
    });
  const [before, after, other] = [hold('a'), hold('a'), hold('b')];
  expect([before.state, after.state, other.state, states.size]).toEqual(['a1', 'a1', 'b2', 2]);
  before.release();
  before.release();
  expect([forgotten, hold('a').state]).toEqual([[], 'a1']);
  other.release();
  expect([forgotten, hold('b').state]).toEqual([['b2'], 'b3']);
});
