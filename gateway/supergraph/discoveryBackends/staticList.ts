import type { DiscoveryBackend } from '../discoveryBackend.ts';
import type { Instance } from '../instance.ts';

/**
 * `static:http://10.0.0.7:4004/graphql#zone=a,http://10.0.0.8:4004/graphql#zone=b&weight=2`: the instances themselves.
 * They change with `supergraph.yaml`. What stands behind a `#` is never sent.
 */
export const staticList: DiscoveryBackend = {
  scheme: 'static',
  example: 'static:http://10.0.0.7:4004/graphql,http://10.0.0.8:4004/graphql',

  findProblem(url) {
    for (const text of listed(url)) {
      if (!/^https?:\/\/[^/\s]/.test(text) || !URL.canParse(text)) {
        return 'lists http or https URLs with commas between: static:http://10.0.0.7:4004/graphql,http://…';
      }
      const { zone: _zone, weight = '1', ...unknown } = Object.fromEntries(notesOf(text));
      const [name] = Object.keys(unknown);
      if (name !== undefined) return `has the unknown note "${name}" behind a #; there are zone and weight`;
      if (!(Number(weight) > 0 && Number(weight) <= 1_000_000))
        return 'has a weight that is no number above 0';
    }
    return undefined;
  },

  open({ url }) {
    const instances = listed(url).map(instanceOf);
    // the longest timer of Node.js is 2^31-1 ms
    return { read: async () => ({ instances, againInMs: 2 ** 31 - 1 }), close: async () => {} };
  },
};

function listed(url: string): string[] {
  return url
    .slice('static:'.length)
    .split(',')
    .map((text) => text.trim());
}

function notesOf(text: string): URLSearchParams {
  return new URLSearchParams(new URL(text).hash.slice(1));
}

function instanceOf(text: string): Instance {
  const notes = notesOf(text);
  const zone = notes.get('zone');
  const url = new URL(text);
  url.hash = '';
  return {
    url: url.href,
    ...(zone === null ? {} : { zone }),
    weight: Number(notes.get('weight') ?? 1),
    priority: 0,
  };
}
