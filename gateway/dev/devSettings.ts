import { z } from 'zod';
import { group, setting } from '../runtime/setting.ts';

/** `dev:` of `gateway.yaml`: what `tributary dev` starts. */
export const devSettingsSchema = group({
  subgraphs: setting(
    z
      .record(
        z.string().min(1),
        z.strictObject({
          command: z.string().min(1),
          cwd: z.string().min(1).optional(),
          watch: z.array(z.string().min(1)).optional(),
        }),
      )
      .default({}),
    {
      defaultText: 'none',
      description:
        'How `tributary dev` starts a subgraph that has no `subgraphs/<name>/subgraph.ts`: `{ command, cwd, watch }`.',
    },
  ),
});
