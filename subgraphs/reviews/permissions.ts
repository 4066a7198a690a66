import type { Permissions } from '../host/permissions.ts';
import { hasScope, isSignedIn } from '../host/rules.ts';
import { allow, chain } from '../host/shield.ts';

/** Anybody reads reviews; who writes or votes signs with their name. */
export const reviewsPermissions: Permissions = {
  Query: { '*': allow },
  Mutation: {
    writeReview: chain(isSignedIn, hasScope('reviews:write')),
    voteHelpful: isSignedIn,
  },
  Review: allow,
  User: allow,
  Product: allow,
  Location: allow,
  ServiceReview: allow,
  RatingCount: allow,
  ReviewConnection: allow,
  ReviewEdge: allow,
  ServiceReviewConnection: allow,
  ServiceReviewEdge: allow,
  PageInfo: allow,
};
