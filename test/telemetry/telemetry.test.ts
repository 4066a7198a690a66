import { describe, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { Figures } from '../../gateway/telemetry/figures.ts';
import { type Instrument, instruments } from '../../gateway/telemetry/instruments.ts';
import { logFigures } from '../../gateway/telemetry/logFigures.ts';
import { Telemetry } from '../../gateway/telemetry/telemetry.ts';
import { timed } from '../../gateway/telemetry/timed.ts';

describe('telemetry: the contract', () => {
  test('is heard only while somebody listens', () => {
    const telemetry = new Telemetry();
    const heard = [telemetry.isHeard];
    const stops = [1, 2].map(() => telemetry.listen({ measured: () => {} }));
    heard.push(telemetry.isHeard);
    for (const stop of stops) {
      stop();
      heard.push(telemetry.isHeard);
    }
    expect(heard).toEqual([false, true, true, false]);
  });

  test('tells every listener every value with its attributes', () => {
    const telemetry = new Telemetry();
    const listeners = [jest.fn(), jest.fn()];
    for (const measured of listeners) telemetry.listen({ measured });
    telemetry.record('planLookups', 1, { result: 'hit' });
    for (const listener of listeners)
      expect(listener.mock.calls).toEqual([['planLookups', 1, { result: 'hit' }]]);
  });

  test('keeps apart what is said of one gauge with other attributes', () => {
    const telemetry = new Telemetry();
    telemetry.observe('subgraphQueue', () => 2, { 'subgraph.name': 'reviews' });
    telemetry.observe('subgraphQueue', () => 3, { 'subgraph.name': 'reviews' });
    telemetry.observe('subgraphQueue', () => 4, { 'subgraph.name': 'products' });
    expect([telemetry.readings('subgraphQueue'), telemetry.read('subgraphQueue')]).toEqual([
      [
        { value: 5, attributes: { 'subgraph.name': 'reviews' } },
        { value: 4, attributes: { 'subgraph.name': 'products' } },
      ],
      9,
    ]);
  });

  test('adds up what several parts say of one gauge, while they do', () => {
    const telemetry = new Telemetry();
    const stop = telemetry.observe('planningQueue', () => 2);
    telemetry.observe('planningQueue', () => 3);
    const both = telemetry.read('planningQueue');
    stop();
    expect([both, telemetry.read('planningQueue'), telemetry.read('planCacheBytes')]).toEqual([5, 3, 0]);
  });

  // Source: OpenTelemetry specification, "Instrument name syntax"
  test.each(Object.values(instruments as Readonly<Record<string, Instrument>>))(
    'calls $name by a name that exporters take',
    ({ name, attributes }) => {
      for (const each of [name, ...attributes]) expect(each).toMatch(/^[a-z][\w.]{0,254}$/);
    },
  );
});

describe('telemetry: timing', () => {
  test('gives the result through, and tells how long it took', async () => {
    const told = jest.fn();
    expect(await timed(Promise.resolve(7), told)).toBe(7);
    expect(told.mock.calls).toEqual([[expect.any(Number), undefined]]);
  });

  test('gives the error through, and tells of it', async () => {
    const told = jest.fn();
    const error = new Error('no');
    await expect(timed(Promise.reject(error), told)).rejects.toBe(error);
    expect(told.mock.calls).toEqual([[expect.any(Number), error]]);
  });
});

describe('telemetry: figures', () => {
  test('are sums by instrument and attributes, and gauges as they are', () => {
    const telemetry = new Telemetry();
    const figures = new Figures(telemetry);
    telemetry.observe('planningQueue', () => 4);
    telemetry.record('planLookups', 1, { result: 'hit' });
    telemetry.record('planLookups', 2, { result: 'hit' });
    for (const seconds of [0.25, 0.5]) {
      telemetry.record('subgraphRequestDuration', seconds, { 'subgraph.name': 'a', outcome: 'answered' });
    }
    expect(figures.snapshot()).toMatchObject({
      'tributary.query_planning.queue.length': 4,
      'tributary.query_planning.cache.lookups': { hit: { count: 3 } },
      'http.client.request.duration': { 'a answered': { count: 2, sum: 0.75, max: 0.5 } },
    });
  });

  test('are logged at the end', () => {
    const lines: { figures?: Record<string, unknown> }[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const telemetry = new Telemetry();
    const stop = logFigures(telemetry, log);
    telemetry.record('planLookups', 1, { result: 'miss' });
    stop();
    expect([lines.length, telemetry.isHeard]).toEqual([1, false]);
    expect(lines[0]?.figures).toMatchObject({
      'tributary.query_planning.cache.lookups': { miss: { count: 1 } },
    });
  });
});
