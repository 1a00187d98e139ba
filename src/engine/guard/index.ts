export { CATALOGUE } from './catalogue';
export type { Condition, Example, Rule } from './catalogue/types';
export { gitSafeEnvironment, hardenedArgv } from './git-safe';
export { createGuard, type Guard, type GuardInput, type GuardOptions } from './guard';
export { LIMITS } from './limits';
export { type Suggestion, suggestPatterns } from './suggest';
export { type Coverage, coverage, matchTrusted } from './trusted';
export { DEFAULT_TRUSTED } from './trusted-data';
