import { describe, expect, test } from '@jest/globals';
import { networkOf, type Payer, payerNames } from '../../../gateway/limit/rate/payer.ts';
import { clientRequestOf } from '../../support/clientRequestOf.ts';

describe('rate: networks of addresses', () => {
  // Source: RFC 4291 §2.2, text representation of addresses
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::2:3:4:5', '2001:db8:1:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['not an address', 'not an address'],
  ])('%s is of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('rate: who pays', () => {
  const user: Payer = {
    client: clientRequestOf({
      principal: { kind: 'user', id: 'u1', scopes: [], roles: ['admin', 'staff'], claims: {} },
      headers: { 'x-client': 'web' },
      address: '192.0.2.1',
    }),
    clientNameHeader: 'x-client',
  };
  const anonymous: Payer = { client: clientRequestOf({ address: '::1' }), clientNameHeader: 'x-client' };

  test.each([
    ['user', ['u1'], []],
    ['key', [], []],
    ['role', ['admin', 'staff'], []],
    ['client', ['web'], []],
    ['address', ['192.0.2.1'], ['0:0:0:0::/64']],
  ] as const)('as a %s', (kind, ofUser, ofAnonymous) => {
    expect([payerNames(kind, user), payerNames(kind, anonymous)]).toEqual([ofUser, ofAnonymous]);
  });
});
