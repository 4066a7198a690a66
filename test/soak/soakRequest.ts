import { hashOf, seededRandom } from '../differential/random.ts';
import { type ExpectedAnswer, type Fault, faults } from '../faults/faults.ts';
import {
  type AskKind,
  askKinds,
  dataWithout,
  operationFor,
  placeOf,
  wholeData,
} from '../faults/faultyGraph.ts';
import { type AskedSubgraph, askedSubgraphs } from './soakGraph.ts';

/** One request of a soak: all of it follows from the seed and its number. */
export interface SoakRequest {
  readonly number: number;
  readonly id: string;
  readonly kind: AskKind;
  readonly subgraph: AskedSubgraph;
  readonly fault: Fault | undefined;
  readonly query: string;
  /** When its client goes away; `undefined` = it waits for the answer. */
  readonly leavesAfterMs: number | undefined;
  /** What the client does before. */
  readonly pauseMs: number;
}

/**
 * A second answer on the same connection may come when the next request is on its way, and is then the answer to that: no
 * client can tell. The fault harness shows it where nothing else is asked.
 */
const LEFT_OUT = new Set(['sends a second answer that nobody asked for']);
const able = faults.filter(({ name, over }) => !LEFT_OUT.has(name) && over !== 'http2');
const usual = able.filter(({ isHeavy }) => isHeavy !== true);
const heavy = able.filter(({ isHeavy }) => isHeavy === true);

export function soakRequest(seed: number, number: number): SoakRequest {
  const random = seededRandom(hashOf(`${seed} ${number}`));
  const kind = random.pick(askKinds);
  const subgraph = random.pick(askedSubgraphs);
  const shown = (random.chance(0.01) ? heavy : usual).filter(({ sees }) => sees[kind] !== undefined);
  // the one that moves is well: nothing of it may fail
  const fault = subgraph !== 'moving' && random.chance(0.3) ? random.pick(shown) : undefined;
  const operation = operationFor(kind, subgraph);
  return {
    number,
    id: `soak-${seed}-${number}`,
    kind,
    subgraph,
    fault,
    // texts that never came before fill caches
    query: random.chance(0.03) ? `${operation} # ${number}` : operation,
    leavesAfterMs: random.chance(0.03) ? random.below(40) : undefined,
    pauseMs: random.below(20),
  };
}

/** What came of a request. */
export interface SoakAnswer {
  readonly status: number;
  readonly data: unknown;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly unknown[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** Codes of a fetch that was ended by what was done to the subgraph meanwhile, and not by the fault. */
const OUTAGE_CODES = new Set(['SUBREQUEST_HTTP_ERROR', 'GATEWAY_TIMEOUT']);

/**
 * Why an answer is wrong; `undefined` when it is as it has to be.
 *
 * @param isDisturbed whether the subgraph was away at any time of the request
 */
export function problemOf(
  { kind, fault, subgraph }: SoakRequest,
  { status, data, errors }: SoakAnswer,
  isDisturbed: boolean,
): string | undefined {
  // the gateway is on a machine that is busy with the soak itself
  if (status === 503 && errors[0]?.extensions?.code === 'REQUEST_CONCURRENCY_LIMITED') return undefined;
  if (status !== 200) return `status ${status}: ${JSON.stringify(errors).slice(0, 500)}`;
  const expected: ExpectedAnswer = fault?.sees[kind] ?? { data: wholeData[kind], errors: [] };
  const seen = { data, errors: errors.map(({ path, extensions }) => ({ code: extensions?.code, path })) };
  const wanted = {
    data: expected.data ?? dataWithout[kind],
    errors: expected.errors.map(({ code, path = placeOf[kind] }) => ({ code, path: path ?? undefined })),
  };
  const seenText = JSON.stringify(seen);
  if (seenText === JSON.stringify(wanted)) return undefined;
  const [error] = seen.errors;
  const isEnded =
    seen.errors.length === 1 &&
    JSON.stringify(data) === JSON.stringify(dataWithout[kind]) &&
    JSON.stringify(error?.path) === JSON.stringify(placeOf[kind]);
  const code = String(error?.code);
  if (isEnded && isDisturbed && OUTAGE_CODES.has(code)) return undefined;
  // the one that moves gives no reason for it
  if (isEnded && subgraph !== 'moving' && code === 'SUBGRAPH_CIRCUIT_BREAKER_REJECTED') return undefined;
  return `${seenText.slice(0, 500)} instead of ${JSON.stringify(wanted).slice(0, 500)}`;
}
