import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openLocalEngine } from '../subgraphs/ai/local/localEngine.ts';

/*
 * `node --import tsx bench/localModels.ts`: what the local models do in a second, what they cost in memory, and how long they keep
 * this thread from its other work. A few seconds.
 */

const engine = openLocalEngine({ timeoutMs: 60_000 });
const memoryMb = (): number => Math.round(process.memoryUsage().rss / 1e6);
const memoryBefore = memoryMb();

/** Processor time of this thread, where Linux tells it: unlike a gap, it does not grow with what else the machine does. */
function ownMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

const gaps = monitorEventLoopDelay({ resolution: 1 });
gaps.enable();
let [longestTurnMs, turnBegan, isMeasuring] = [0, ownMs(), true];
function turn(): void {
  longestTurnMs = Math.max(longestTurnMs, ownMs() - turnBegan);
  turnBegan = ownMs();
  if (isMeasuring) setTimeout(turn, 1);
}

async function measure(
  name: string,
  calls: number,
  call: (index: number) => Promise<unknown>,
): Promise<void> {
  gaps.reset();
  [longestTurnMs, turnBegan] = [0, ownMs()];
  const began = performance.now();
  for (let index = 0; index < calls; index += 1) await call(index);
  const ms = ((performance.now() - began) / calls).toFixed(2).padStart(8);
  const [gap, own] = [gaps.max / 1e6, longestTurnMs].map((value) => value.toFixed(1).padStart(6));
  console.log(`${name.padEnd(34)}${ms} ms   longest gap${gap} ms, own turn${own} ms   ${memoryMb()} MB`);
}

/** No two are equal: the engine remembers vectors. */
let texts = 0;
const text = (): string => {
  texts += 1;
  return `Order ${texts} was charged twice and nobody answers my mails about it.`;
};
const many = (count: number): string[] => Array.from({ length: count }, text);
const labels = ['billing, invoice, payment', 'delivery, parcel, courier', 'crash, error, bug'].map(
  (description) => ({ value: description, description }),
);

turn();
await measure('first language', 1, () => engine.language(text()));
await measure('first vector', 1, () => engine.embed([text()]));
await measure('100 vectors', 5, () => engine.embed(many(100)));
await measure('one vector', 40, () => engine.embed([text()]));
await measure('200 sentiments at once', 3, () => Promise.all(many(200).map((one) => engine.sentiment(one))));
await measure('language', 100, () => engine.language(text()));
await measure('sentiment', 100, () => engine.sentiment(text()));
await measure('entities', 100, () => engine.entities(text()));
await measure('classification, 3 labels', 40, () => engine.classify(text(), labels));
await measure('3 sentences of 20', 5, () => engine.summarize(many(20).join(' '), 3));
await measure('5 keywords of 20 sentences', 5, () => engine.keywords(many(20).join(' '), 5));
console.log(`memory: ${memoryMb() - memoryBefore} MB more than before`);
isMeasuring = false;
await engine.close();
