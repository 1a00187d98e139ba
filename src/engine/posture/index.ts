/**
 * What the Checklist looks with: a bundle of its own, loaded once the engine runs, because its sentences are long and
 * nobody waits for them.
 */
export { evaluate } from './evaluate';
export { profileChanges } from './profile-changes';
export { surveyRepository } from './survey/repository';
