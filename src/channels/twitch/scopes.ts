/** What the bot needs, and nothing else. https://dev.twitch.tv/docs/authentication/scopes */
export const SCOPES_NEEDED: readonly string[] = [
  // To hear the chat, to answer in it, and to know where it is a moderator.
  'user:read:chat',
  'user:write:chat',
  'user:read:moderated_channels',
];

/** Only for whispers, both ways. */
export const SCOPES_FOR_WHISPERS: readonly string[] = ['user:manage:whispers'];

export function neededScopes(whispers: boolean): readonly string[] {
  return whispers ? [...SCOPES_NEEDED, ...SCOPES_FOR_WHISPERS] : SCOPES_NEEDED;
}
