import type { FactFamilies, FamilyName } from '../facts';
import type { PostureRule } from '../rule';
import { accessRules } from './access';
import { activityRules, updateRules } from './activity';
import { channelRules } from './channels';
import { credentialRules } from './credentials';
import { environmentRules, sharedRules } from './environment';
import { guardrailRules } from './guardrails';
import { machineRules } from './machine';
import { grantRules, permissionRules } from './permissions';
import { repositoryRules } from './repository';

/** The general rules, by the family of facts that they look at. Those of a channel are in its descriptor. */
export const RULES: { readonly [F in FamilyName]: readonly PostureRule<FactFamilies[F]>[] } = {
  channels: channelRules,
  access: accessRules,
  policy: [...guardrailRules, ...permissionRules, ...environmentRules],
  grants: grantRules,
  credentials: credentialRules,
  machine: [...machineRules, ...sharedRules],
  repository: repositoryRules,
  activity: activityRules,
  update: updateRules,
};
