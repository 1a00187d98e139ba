/** What the Checklist looks with: in a bundle of its own, see `session/posture/checklist.ts`. */
export { evaluate } from './evaluate';
export { profileChanges } from './profile-changes';
export { surveyRepository } from './survey/repository';
