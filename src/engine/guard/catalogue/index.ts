import { CLOUD } from './cloud';
import { DATA } from './data';
import { DELETE } from './delete';
import { DISK } from './disk';
import { FILES_RULES } from './files';
import { GIT_RULES } from './git';
import { NETWORK_RULES } from './network';
import { PACKAGE_RULES } from './packages';
import { PERMISSIONS } from './permissions';
import { PRIVILEGE } from './privilege';
import { PROCESSES } from './process';
import { PROTECTIONS } from './protections';
import { RUN } from './run';
import { SYSTEM_RULES } from './system';
import type { Rule } from './types';
import { WINDOWS } from './windows';

/** Every rule, family by family. To add one, add it to its family with examples that match and that do not. */
export const CATALOGUE: readonly Rule[] = [
  ...DELETE,
  ...DISK,
  ...PRIVILEGE,
  ...RUN,
  ...NETWORK_RULES,
  ...PROCESSES,
  ...PROTECTIONS,
  ...SYSTEM_RULES,
  ...PERMISSIONS,
  ...FILES_RULES,
  ...GIT_RULES,
  ...DATA,
  ...CLOUD,
  ...PACKAGE_RULES,
  ...WINDOWS,
];
