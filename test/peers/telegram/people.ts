type Json = Record<string, unknown>;

/** What Telegram says of a message in a private chat. */
export function privateMessage(id: number, from: number, text: string, extra: Json): Json {
  return {
    message_id: id,
    date: 1_700_000_000,
    chat: { id: from, type: 'private', first_name: `User ${from}` },
    from: { id: from, is_bot: false, first_name: `User ${from}`, username: `user_${from}` },
    text,
    ...(text.startsWith('/') ? { entities: [commandEntity(text)] } : {}),
    ...extra,
  };
}

/** Of one in a group. Mentions and commands get their entities, as the server adds them. */
export function groupMessage(id: number, chat: number, from: number, text: string, extra: Json): Json {
  const mentions = [...text.matchAll(/(^|\s)(@\w{5,32})/g)].map((match) => ({
    type: 'mention',
    offset: match.index + (match[1] ?? '').length,
    length: (match[2] ?? '').length,
  }));
  return {
    message_id: id,
    date: 1_700_000_000,
    chat: { id: chat, type: chat < -1_000_000_000_000 ? 'supergroup' : 'group', title: 'Team' },
    from: { id: from, is_bot: false, first_name: `User ${from}` },
    text,
    entities: [...(text.startsWith('/') ? [commandEntity(text)] : []), ...mentions],
    ...extra,
  };
}

function commandEntity(text: string): Json {
  return { type: 'bot_command', offset: 0, length: (/^\S+/.exec(text)?.[0] ?? '').length };
}
