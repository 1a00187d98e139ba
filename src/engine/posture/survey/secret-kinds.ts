/** What a credential of a platform looks like, from the platforms' own documentation of their formats. */
const KINDS: readonly { readonly kind: string; readonly form: RegExp }[] = [
  { kind: 'a Telegram bot token', form: /(?:\b|bot)\d{8,12}:AA[\w-]{33}(?![\w-])/ },
  { kind: 'a Slack token', form: /\bxox[abeprs]-[A-Za-z0-9-]{20,}|\bxapp-\d-[A-Z0-9]{6,}-\d+-[a-f0-9]{20,}/ },
  { kind: 'a Discord bot token', form: /\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}/ },
  { kind: 'an Anthropic key', form: /\bsk-ant-[a-z0-9]{3,10}-[\w-]{20,}/ },
  { kind: 'an OpenAI key', form: /\bsk-(?:proj-|svcacct-)[\w-]{40,}/ },
  { kind: 'an AWS access key', form: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { kind: 'a GitHub token', form: /\bgh[oprsu]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{50,}/ },
  { kind: 'a GitLab token', form: /\bglpat-[\w-]{20,}/ },
  { kind: 'an npm token', form: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { kind: 'a Google API key', form: /\bAIza[\w-]{35}(?![\w-])/ },
  { kind: 'a Stripe key', form: /\b[rs]k_live_[A-Za-z0-9]{20,}/ },
  { kind: 'an Azure account key', form: /\bAccountKey=[A-Za-z0-9+/]{60,}={0,2}/ },
  { kind: 'a private key', form: /-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY-----/ },
];

/** A line longer than this is generated; only its beginning is looked at. In UTF-16 units. */
const LINE_MOST = 4000;

/** What stands in examples instead of a credential. */
const PLACEHOLDER = /(.)\1{7}|example|placeholder|your[-_ ]?(token|key|secret)|<[a-z-]+>/i;

export interface SeenSecret {
  /** From 1. */
  readonly line: number;
  readonly kind: string;
}

/** Lines of a text that look like a credential; at most one a line, and never the value. */
export function secretsIn(text: string): readonly SeenSecret[] {
  // Nearly every text has none, and one pass of each form over the whole is what the machine does fastest.
  const kinds = KINDS.filter(({ form }) => form.test(text));
  if (kinds.length === 0) return [];
  return text.split('\n').flatMap((full, index) => {
    const line = full.slice(0, LINE_MOST);
    for (const { kind, form } of kinds) {
      const match = form.exec(line);
      if (match && !PLACEHOLDER.test(match[0])) return [{ line: index + 1, kind }];
    }
    return [];
  });
}

/**
 * About how many bits of chance a text made up by a person has: its length times what one character can be, less
 * what repeats. A rough upper bound; a phrase of words has less.
 */
export function bitsOf(secret: string): number {
  const classes: readonly (readonly [RegExp, number])[] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^A-Za-z0-9]/, 33],
  ];
  const alphabet = classes.reduce((sum, [form, size]) => sum + (form.test(secret) ? size : 0), 0);
  const characters = [...secret];
  // A character that was there already twice adds nothing.
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of characters) {
    const count = (counts.get(character) ?? 0) + 1;
    counts.set(character, count);
    if (count <= Math.max(2, Math.ceil(characters.length / 8))) length += 1;
  }
  return alphabet === 0 ? 0 : Math.floor(length * Math.log2(alphabet));
}

/** Which of these settings hold what looks like a credential. */
export function secretSettings(
  settings: readonly (readonly [key: string, value: unknown])[],
): readonly { readonly key: string; readonly kind: string }[] {
  return settings.flatMap(([key, value]) => {
    const [found] = secretsIn(JSON.stringify(value) ?? '');
    return found === undefined ? [] : [{ key, kind: found.kind }];
  });
}
