import { describe, expect, test } from '@jest/globals';
import { Circuits } from '../../../../subgraphs/ai/call/circuits.ts';
import { retryAfterMs } from '../../../../subgraphs/ai/call/classifyError.ts';

const at = (start = 0) => {
  const clock = { now: start };
  return { clock, circuits: new Circuits(() => clock.now) };
};

describe('ai circuits', () => {
  test('two failures and a success begin anew', () => {
    const { circuits } = at();
    for (const what of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) circuits[what]('t');
    expect([circuits.health('t'), circuits.tryEnter('t')]).toEqual(['UP', true]);
  });

  test('three failures in a row open it for 30 seconds', () => {
    const { circuits, clock } = at();
    for (let count = 0; count < 3; count += 1) circuits.failed('t');
    const open = [circuits.health('t'), circuits.tryEnter('t'), circuits.retryAfterMs('t')];
    clock.now = 29_999;
    expect([...open, circuits.tryEnter('t')]).toEqual(['OPEN_CIRCUIT', false, 30_000, false]);
  });

  test('the failure that opens it says so, and not those that were under way', () => {
    const { circuits } = at();
    const opened = [1, 2, 3, 4].map(() => circuits.failed('t'));
    expect(opened).toEqual([false, false, true, false]);
  });

  test('then one call is let in, and the others wait for how it ends', () => {
    const { circuits, clock } = at();
    circuits.open('t');
    clock.now = 30_000;
    const probing = [circuits.health('t'), circuits.tryEnter('t'), circuits.tryEnter('t')];
    circuits.succeeded('t');
    expect([...probing, circuits.health('t'), circuits.tryEnter('t')]).toEqual([
      'HALF_OPEN',
      true,
      false,
      'UP',
      true,
    ]);
  });

  test('a probe that fails opens it again', () => {
    const { circuits, clock } = at();
    circuits.open('t');
    clock.now = 30_000;
    circuits.tryEnter('t');
    circuits.failed('t');
    expect([circuits.health('t'), circuits.retryAfterMs('t')]).toEqual(['OPEN_CIRCUIT', 30_000]);
  });

  test('a probe whose caller has gone leaves the place for another', () => {
    const { circuits, clock } = at();
    circuits.open('t');
    clock.now = 30_000;
    circuits.tryEnter('t');
    circuits.undecided('t');
    expect(circuits.tryEnter('t')).toBe(true);
  });
});

describe('ai: Retry-After', () => {
  // RFC 9110, section 10.2.3: seconds, or a date
  test.each([
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': 'Wed, 25 Nov 2026 10:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 25 Nov 2026 09:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250],
    [{}, undefined],
  ])('%j is %p ms', (headers, ms) => {
    expect(retryAfterMs(headers, Date.UTC(2026, 10, 25, 10, 0, 0))).toBe(ms);
  });
});
