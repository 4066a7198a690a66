import { z } from 'zod';
import { group, setting } from '../../runtime/setting.ts';

/** `explorer:` of `gateway.yaml`: the pages that open an operation. */
export const explorerSettingsSchema = group({
  sandbox: setting(z.boolean().optional(), {
    defaultText: '`true`, in production `false`',
    description: 'Apollo Sandbox at `/` (loaded from the internet).',
  }),
  graphiql: setting(z.boolean().optional(), {
    defaultText: '`true`, in production `false`',
    description: 'The bundled GraphiQL at `/graphiql` (works offline).',
  }),
  document: setting(z.string().optional(), {
    defaultText: 'none',
    description:
      'The query that both pages open with, and that `tributary dev` asks before it says that all is up.',
  }),
});
