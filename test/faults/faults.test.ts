import { testFaultsUnder } from './faultTests.ts';
import { policies } from './policies.ts';

/* Both engines, as they are by default; `policies.test.ts` has the rest. */
testFaultsUnder(policies.filter(({ isEngine }) => isEngine === true));
