/** What a platform, or an adapter about itself, says: plain JSON, no secrets, no text of messages. */
export type FactValue = string | number | boolean | null | readonly string[];
export type Facts = Readonly<Record<string, FactValue>>;
