import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parentGone } from '../../gateway/dev/parentGone.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('dev: the parent', () => {
  test('aborts once another process has become the parent', () => {
    let parent = 4711;
    const signal = parentGone(() => parent, 500);
    jest.advanceTimersByTime(60_000);
    const before = signal.aborted;
    parent = 1;
    jest.advanceTimersByTime(500);
    expect([before, signal.aborted, jest.getTimerCount()]).toEqual([false, true, 0]);
  });
});
