type Json = Record<string, unknown>;

/**
 * What is said in conversations, as an app may ask for it. Written from
 *   https://docs.slack.dev/reference/methods/conversations.history   newest first, `oldest` not included, cursors, scopes
 */
export class SlackHistory {
  private readonly said = new Map<string, Map<string, Json>>();

  /** An event of a message: a new one, one that was changed, one that was removed. */
  take(event: Json): void {
    const { channel, subtype, channel_type: _type, ...message } = event;
    if (typeof channel !== 'string') return;
    const here = this.said.get(channel) ?? new Map<string, Json>();
    this.said.set(channel, here);
    if (subtype === 'message_deleted') here.delete(String(message.deleted_ts));
    else if (subtype === 'message_changed') {
      const changed = message.message as Json;
      const ts = String(changed.ts);
      here.set(ts, { ...here.get(ts), text: changed.text, edited: { user: changed.user, ts: `${ts}1` } });
    } else if (message.type === 'message')
      here.set(String(message.ts), { ...message, ...(subtype ? { subtype } : {}) });
  }

  answer(body: Record<string, string>, scopes: string, refuse: (error: string, extra?: Json) => Json): Json {
    const { channel = '', oldest = '0', cursor } = body;
    const needed = channel.startsWith('D') ? 'im:history' : 'channels:history';
    if (!scopes.split(',').includes(needed)) return refuse('missing_scope', { needed, provided: scopes });
    const from =
      cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64').toString().replace('next:', ''));
    if (!Number.isInteger(from)) return refuse('invalid_cursor');
    const all = [...(this.said.get(channel)?.values() ?? [])]
      .filter(({ ts }) => String(ts) > oldest)
      .sort((a, b) => (String(a.ts) > String(b.ts) ? -1 : 1));
    const messages = all.slice(from, from + Number(body.limit));
    const more = from + messages.length < all.length;
    return {
      ok: true,
      messages,
      has_more: more,
      pin_count: 0,
      ...(more
        ? {
            response_metadata: {
              next_cursor: Buffer.from(`next:${from + messages.length}`).toString('base64'),
            },
          }
        : {}),
    };
  }
}
