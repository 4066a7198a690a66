import type { AnswerHeaders, SubgraphAnswer } from '../execute/subgraph/subgraphRequest.ts';

interface Begun {
  readonly subgraph: string;
  /** Of its fetch node in the plan. */
  readonly place: number;
  headers: AnswerHeaders | undefined;
}

/**
 * The headers of subgraphs' answers to one operation, for an engine that is not told for which fetch node it sends a
 * request: the text of the operation tells.
 */
export class CollectedAnswers {
  readonly #places = new Map<string, number>();
  readonly #begun: Begun[] = [];

  /** @param node of a plan, or the whole, as Apollo's planner gives it: `{ kind: 'Fetch', serviceName, operation }` */
  expect(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    const { kind, serviceName, operation } = node as Readonly<Record<string, unknown>>;
    if (kind !== 'Fetch') {
      for (const child of Object.values(node)) this.expect(child);
      return;
    }
    const key = keyOf(String(serviceName), String(operation));
    if (!this.#places.has(key)) this.#places.set(key, this.#places.size);
  }

  /** Called when a request is sent. What it gives is called with the headers of the answer. */
  begin(subgraph: string, operation: string): (headers: AnswerHeaders | undefined) => void {
    const place = this.#places.get(keyOf(subgraph, operation)) ?? this.#places.size;
    const one: Begun = { subgraph, place, headers: undefined };
    this.#begun.push(one);
    return (headers) => {
      one.headers = headers;
    };
  }

  /** In the order of the plan; equal requests in the order that they were sent in. */
  all(): readonly SubgraphAnswer[] {
    return this.#begun
      .toSorted((a, b) => a.place - b.place)
      .map(({ subgraph, headers }) => ({ subgraph, headers }));
  }
}

function keyOf(subgraph: string, operation: string): string {
  return `${subgraph} ${operation}`;
}
