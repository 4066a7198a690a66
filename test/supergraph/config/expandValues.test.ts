// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are written so
import { describe, expect, test } from '@jest/globals';
import { expandValues } from '../../../gateway/supergraph/config/expandValues.ts';

const files: Readonly<Record<string, Uint8Array>> = {
  'variable.txt': Buffer.from('test_value'),
  'invalid.bin': Uint8Array.from([0x80]),
};

function expand(text: string, env: Record<string, string> = {}): string {
  const { expanded, problems } = expandValues(text, { env, readFile: (path) => files[path] });
  return problems[0]?.message ?? String(expanded);
}

// Names of these tests, texts and results: rover, src/utils/expansion.rs, mod test_expand_str.
describe('expandValues: what Rover tests', () => {
  const env = { VAR_1: 'VAR_2', VAR_2: 'VAR_1' };
  test.each([
    ['valid_env_var', '${env.VAR_1}', 'VAR_2'],
    ['partial_env_var_partial_static', 'static-part-${env.VAR_1}', 'static-part-VAR_2'],
    ['multiple_env_vars', '${env.VAR_1}-static-part-${env.VAR_2}', 'VAR_2-static-part-VAR_1'],
    ['not_env_var', 'test_value', 'test_value'],
    ['missing_end_brace', '${env.DOES_NOT_EXIST', '${env.DOES_NOT_EXIST'],
    ['missing_start_section', 'DOES_NOT_EXIST}', 'DOES_NOT_EXIST}'],
    ['content_from_file', '${file.variable.txt}', 'test_value'],
    [
      'missing_file',
      '${file.afilethatdefinitelydoesntexisthere}',
      '${file.afilethatdefinitelydoesntexisthere}',
    ],
    ['mapping', '0.0.0.0:${env.PORT:-4000}', '0.0.0.0:4000'],
  ])('%s', (_, text, result) => {
    expect(expand(text, env)).toBe(result);
  });

  test('nested_env_vars', () => {
    expect(expand('${env.${env.VAR_1}}', env)).toContain(
      'While reading env var ${env.VAR_1 for variable expansion',
    );
  });

  test('env_var_not_found', () => {
    expect(expand('${env.DOES_NOT_EXIST}')).toBe(
      'While reading env var DOES_NOT_EXIST for variable expansion: environment variable not found. Set the DOES_NOT_EXIST environment variable',
    );
  });

  test('invalid_file', () => {
    expect(expand('${file.invalid.bin}')).toContain('it is not valid UTF-8');
  });

  test('an unknown prefix is refused', () => {
    expect(expand('${foo}')).toContain('Invalid variable expansion key: foo.');
  });
});

// Texts and results: the crate shellexpand, src/strings/funcs.rs, mod env_test (VAR there is env.VAR here).
describe('expandValues: what shellexpand tests', () => {
  const env = { VAR: 'value', EMPTY: '' };
  test.each([
    ['/answer/${env.UNKNOWN:-42}', '/answer/42'],
    ['/whatever/${env.UNKNOWN:-other}/${env.VAR}', '/whatever/other/value'],
    [':-/whatever/${env.UNKNOWN:-other}/${env.VAR} :-', ':-/whatever/other/value :-'],
    ['/whatever/${env.VAR:-other}${env.VAR}', '/whatever/valuevalue'],
    ['/whatever/${env.UNKNOWN:-}', '/whatever/'],
    ['${env.EMPTY}/whatever/path', '/whatever/path'],
    ['whatever/${env.EMPTY}/path', 'whatever//path'],
    ['$/whatever/path', '$/whatever/path'],
    ['whatever/path/$', 'whatever/path/$'],
    ['whatever/$$path', 'whatever/$path'],
    ['whatever/path/$$', 'whatever/path/$'],
    ['', ''],
  ])('%s', (text, result) => {
    expect(expand(text, env)).toBe(result);
  });

  test('a bare variable is looked up, and no key of Rover is bare', () => {
    expect(expand('whatever/$VAR', env)).toContain('Invalid variable expansion key: VAR.');
  });

  test('a default replaces whatever goes wrong', () => {
    expect(expand('${foo:-a} ${file.invalid.bin:-b} ${file.missing:-c}')).toBe('a b c');
  });
});

describe('expandValues: structure', () => {
  const sources = { env: { A: '${env.B}', B: 'b' }, readFile: () => undefined };

  test('expands in maps and lists, and leaves keys and other types alone', () => {
    const value = { '${env.B}': ['${env.B}', { deep: '${env.B}' }], n: 1, t: true, z: null };
    expect(expandValues(value, sources)).toEqual({
      expanded: { '${env.B}': ['b', { deep: 'b' }], n: 1, t: true, z: null },
      problems: [],
    });
  });

  test('does not expand what an expansion gave', () => {
    expect(expandValues('${env.A}', sources).expanded).toBe('${env.B}');
  });

  test('names the key of each problem', () => {
    const { problems } = expandValues({ a: { b: ['x', '${env.NONE}'] }, c: '${foo}' }, sources);
    expect(problems.map(({ key }) => key)).toEqual([['a', 'b', 1], ['c']]);
  });

  test('keeps a key called __proto__ as data', () => {
    const { expanded } = expandValues(JSON.parse('{"__proto__":{"polluted":"${env.B}"}}'), sources);
    expect(Object.getPrototypeOf(expanded)).toBe(Object.prototype);
    expect(JSON.stringify(expanded)).toBe('{"__proto__":{"polluted":"b"}}');
  });

  test('does not take inherited properties for environment variables', () => {
    expect(expand('${env.constructor:-none} ${env.__proto__:-none}')).toBe('none none');
  });
});
