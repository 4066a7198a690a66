import type { ApolloServerPlugin } from '@apollo/server';
import type { AiContext } from './context.ts';
import { formatUsd } from './money/dollars.ts';

/** Says in `extensions.ai` what the `@prompt` fields of a response took. Gateways may drop it; `aiUsage` always has it. */
export const totalsExtension: ApolloServerPlugin<AiContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, contextValue }) {
        const { calls, cached, inputTokens, outputTokens, nanoUsd } = contextValue.totals;
        if (response.body.kind !== 'single' || calls === 0) return;
        const { singleResult } = response.body;
        const usd = nanoUsd === null ? null : formatUsd(nanoUsd);
        singleResult.extensions = {
          ...singleResult.extensions,
          ai: { calls, inputTokens, outputTokens, usd, cached },
        };
      },
    };
  },
};
