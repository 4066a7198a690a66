import { describe, expect, test } from '@jest/globals';
import { Cancellation } from '../../gateway/runtime/cancellation.ts';

describe('runtime: cancellation', () => {
  test('calls every listener once, and those that come later at once', () => {
    const cancellation = new Cancellation();
    const called: string[] = [];
    const gone = (): void => void called.push('gone');
    cancellation.onCancel(() => called.push('first'));
    cancellation.onCancel(gone);
    cancellation.offCancel(gone);
    cancellation.cancel();
    cancellation.cancel();
    cancellation.onCancel(() => called.push('late'));
    expect([called, cancellation.isCancelled]).toEqual([['first', 'late'], true]);
  });

  test('is an abort signal for whoever wants one, before it is cancelled and after', () => {
    const before = new Cancellation();
    const { signal } = before;
    const after = new Cancellation();
    after.cancel();
    before.cancel();
    expect([signal.aborted, before.signal === signal, after.signal.aborted]).toEqual([true, true, true]);
  });
});
