import { testFaultsUnder } from './faultTests.ts';
import { policies } from './policies.ts';

testFaultsUnder(policies.filter(({ isEngine }) => isEngine !== true));
