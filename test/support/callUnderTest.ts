import { pino } from 'pino';
import { HeldStates } from '../../gateway/execute/subgraph/traffic/heldStates.ts';
import type { PolicyContext } from '../../gateway/execute/subgraph/traffic/policyContext.ts';
import { PolicyStates } from '../../gateway/execute/subgraph/traffic/policyStates.ts';
import { ReceivedAnswer } from '../../gateway/execute/subgraph/traffic/receivedAnswer.ts';
import type { SubgraphCall } from '../../gateway/execute/subgraph/traffic/subgraphCall.ts';
import { Cancellation } from '../../gateway/runtime/cancellation.ts';
import { type FigureSnapshot, Figures } from '../../gateway/telemetry/figures.ts';
import { Telemetry } from '../../gateway/telemetry/telemetry.ts';

/** A call of a query, with five seconds for it. */
export function callUnderTest(call: Partial<SubgraphCall> = {}): SubgraphCall {
  return {
    body: '{"query":"{ a }"}',
    headers: {},
    cancellation: new Cancellation(),
    isShareable: false,
    isRepeatable: true,
    deadlineMs: performance.now() + 5_000,
    ...call,
  };
}

/** An answer with a GraphQL body, told apart by its value. */
export function answerUnderTest(
  statusCode = 200,
  { value = 1, headers = {} }: { value?: number; headers?: Readonly<Record<string, string>> } = {},
): ReceivedAnswer {
  return new ReceivedAnswer(
    {
      statusCode,
      headers: { 'content-type': 'application/json', ...headers },
      chunks: [Buffer.from(`{"data":{"a":${value}}}`)],
    },
    { subgraph: 'reviews' },
  );
}

export interface PolicyUnderTest {
  readonly context: PolicyContext;
  /** What was logged, oldest first. */
  readonly lines: readonly string[];
  /** What was measured of what is named so. */
  measured(name: string): FigureSnapshot[string] | undefined;
}

/** What a policy is given in a test, and what it tells. */
export function policyUnderTest(): PolicyUnderTest {
  const lines: string[] = [];
  const telemetry = new Telemetry();
  const figures = new Figures(telemetry);
  return {
    context: {
      subgraph: 'reviews',
      telemetry,
      log: pino({}, { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) }),
      states: new PolicyStates({
        subgraph: 'reviews',
        url: 'http://127.0.0.1:1/graphql',
        states: new HeldStates(),
      }),
    },
    lines,
    measured: (name) => figures.snapshot()[name],
  };
}

/** What a call came to: its status, or the code or words of its error. */
export function outcomeUnderTest(answer: Promise<ReceivedAnswer>): Promise<unknown> {
  return answer.then(
    ({ status }) => status,
    (error: { code?: string; reason?: string; message: string }) =>
      error.code ?? error.reason ?? error.message,
  );
}
