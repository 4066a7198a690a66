import { GatewayError } from '../../../errors.ts';
import { CircuitBreaker, type CircuitBreakerOptions } from './circuitBreaker.ts';
import type { PolicyContext } from './policyContext.ts';
import type { Policy } from './subgraphCall.ts';
import { verdictOfAnswer, verdictOfError } from './verdict.ts';

/** The circuit breaker of a subgraph, which tells of its changes. */
export function circuitBreakerOf(
  options: CircuitBreakerOptions,
  { subgraph, telemetry, log, states }: PolicyContext,
): CircuitBreaker {
  const attributes = { 'subgraph.name': subgraph };
  return states.get('circuit breaker', options, () => {
    const state = new CircuitBreaker(options, (phase) => {
      telemetry.record('breakerChanges', 1, { ...attributes, state: phase });
      if (phase === 'open') log.warn({ subgraph }, 'circuit breaker open: too many requests have failed');
      else if (phase === 'half_open')
        log.info({ subgraph }, 'circuit breaker half open: some requests are let through');
      else log.info({ subgraph }, 'circuit breaker closed: the subgraph answers again');
    });
    const forget = telemetry.observe('breakerState', () => (state.phase === 'closed' ? 0 : 1), attributes);
    return { state, forget };
  });
}

/** Refuses calls to a subgraph while its circuit breaker is open. Every call counts, each try and each hedge for itself. */
export function breaking(breaker: CircuitBreaker, { subgraph, telemetry }: PolicyContext): Policy {
  const attributes = { 'subgraph.name': subgraph };
  return (next) => (call) => {
    const pass = breaker.enter();
    if (pass === undefined) {
      telemetry.record('breakerRefusals', 1, attributes);
      return Promise.reject(refusalOf(subgraph));
    }
    const answer = next(call);
    answer.then(
      (received) => breaker.leave(pass, verdictOfAnswer(received)),
      (error: unknown) => breaker.leave(pass, verdictOfError(error)),
    );
    return answer;
  };
}

function refusalOf(subgraph: string): GatewayError {
  const reason = 'its circuit breaker is open';
  return new GatewayError('SUBGRAPH_CIRCUIT_BREAKER_REJECTED', {
    message: `No request sent to '${subgraph}': ${reason}`,
    subgraph,
    extensions: { reason },
  });
}
