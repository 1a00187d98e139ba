/**
 * What `dist/checklist.cjs` is made of: the rules of the Checklist with those of the channels. Loaded once the engine
 * runs, because their sentences are long and nobody waits for them.
 */
export { CHANNEL_RULES } from '../../channels/channel-rules';
export * from '../../engine/posture';
