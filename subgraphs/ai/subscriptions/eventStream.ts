import type { ModelCall } from '../call/modelCall.ts';
import type { StreamEvent } from '../call/modelCalls.ts';
import type { AiContext } from '../context.ts';

/** One event as the root value that graphql-js executes the subscription's selection on. */
type RootEvent = Readonly<Record<string, unknown>>;

/**
 * The source events of a subscription's field.
 *
 * `return()` aborts the call at once. A generator alone would not: its `return()` waits for the `next()` that is under
 * way, and that waits for a provider which may be silent, while the tokens are paid for nobody.
 */
export function eventStream(
  field: string,
  { services, signal }: AiContext,
  call: ModelCall,
): AsyncIterableIterator<RootEvent> {
  const left = new AbortController();
  const events = rootEvents(
    field,
    services.calls.stream({ ...call, signal: AbortSignal.any([signal, left.signal]) }),
  );
  const done = { done: true, value: undefined } as const;
  const stream: AsyncIterableIterator<RootEvent> = {
    async next() {
      const step = await events.next();
      return left.signal.aborted ? done : step;
    },
    async return() {
      left.abort(new Error('the subscriber has gone'));
      await events.return(undefined);
      return done;
    },
    async throw(error) {
      left.abort(error);
      return events.throw(error);
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}

/**
 * An error becomes the last event, which answers it at the field's path. Thrown, it would end the WebSocket with all other
 * operations on it.
 */
async function* rootEvents(
  field: string,
  events: AsyncIterable<StreamEvent>,
): AsyncGenerator<RootEvent, void, undefined> {
  let index = 0;
  try {
    for await (const event of events) {
      if (event.kind === 'delta') {
        yield { [field]: { __typename: 'AiDelta', text: event.text, index } };
        index += 1;
      } else {
        yield { [field]: { __typename: 'AiStreamEnd', completion: event.completion } };
      }
    }
  } catch (error) {
    yield { [field]: error };
  }
}
