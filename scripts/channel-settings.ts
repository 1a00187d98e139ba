import * as z from 'zod';
import type { ChannelDescriptor } from '../src/channels/contract';

interface Texts {
  readonly manifest: string;
  readonly english: string;
  readonly german: string;
}

const PREFIX = 'setting.channels.';

/**
 * The settings of all channels, in the manifest and its English texts. German ones are kept and put in order; those
 * that are lacking are named.
 * @throws Error when a setting has no description.
 */
export function channelSettings(
  descriptors: readonly ChannelDescriptor[],
  { manifest, english, german }: Texts,
): Texts & { readonly untranslated: readonly string[] } {
  const descriptions = new Map<string, string>();
  const properties: Record<string, unknown> = {};
  for (const descriptor of descriptors) {
    const schema = z.toJSONSchema(descriptor.settings, { io: 'input', unrepresentable: 'any' });
    const defaults = descriptor.settings.parse({}) as Json;
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (typeof field === 'boolean') continue;
      const key = `channels.${descriptor.id}.${name}`;
      if (!field.description) throw new Error(`cowork.${key} has no description: add .describe(…)`);
      descriptions.set(`setting.${key}`, field.description);
      const { description: _, choices, ...rest } = field as typeof field & { choices?: unknown };
      const texts = choiceTexts(key, field.enum, choices);
      for (const [name, text] of texts) descriptions.set(name, text);
      properties[`cowork.${key}`] = {
        order: Object.keys(properties).length + 1,
        scope: 'machine',
        ...simple(rest),
        default: defaults[name],
        markdownDescription: `%setting.${key}%`,
        ...(texts.size > 0 ? { markdownEnumDescriptions: [...texts.keys()].map((name) => `%${name}%`) } : {}),
      };
    }
  }
  const parsed = JSON.parse(manifest);
  const section = parsed.contributes.configuration.find(
    ({ title }: { title: string }) => title === '%settings.channels%',
  );
  section.properties = properties;
  const { untrustedWorkspaces } = parsed.capabilities;
  untrustedWorkspaces.restrictedConfigurations = [
    ...untrustedWorkspaces.restrictedConfigurations.filter(
      (key: string) => !key.startsWith('cowork.channels.'),
    ),
    ...Object.keys(properties),
  ];
  const known: Record<string, string> = JSON.parse(german);
  return {
    manifest: `${JSON.stringify(parsed, null, 2)}\n`,
    english: withSettings(english, descriptions),
    german: withSettings(
      german,
      new Map([...descriptions.keys()].flatMap((key) => (known[key] ? [[key, known[key]] as const] : []))),
    ),
    untranslated: [...descriptions.keys()].filter((key) => !known[key]),
  };
}

/** What each value of an `enum` means, from its `.meta({ choices: { value: text } })`. @throws Error when one is missing. */
function choiceTexts(key: string, values: unknown, choices: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(values)) return new Map();
  const said = new Map(Object.entries<string>(choices ?? {}));
  return new Map(
    values.map((value) => {
      const text = said.get(value);
      if (!text) throw new Error(`cowork.${key} does not say what ${value} means: add .meta({ choices: … })`);
      return [`setting.${key}.${value}`, text];
    }),
  );
}

/** `text` with the channels' settings replaced, where the first of them stands. */
function withSettings(text: string, settings: ReadonlyMap<string, string>): string {
  const entries = Object.entries<string>(JSON.parse(text));
  const at = entries.findIndex(([key]) => key.startsWith(PREFIX));
  const rest = entries.filter(([key]) => !key.startsWith(PREFIX));
  rest.splice(at < 0 ? rest.length : at, 0, ...settings);
  return `${JSON.stringify(Object.fromEntries(rest), null, 2)}\n`;
}

type Json = Record<string, unknown>;

/** As the Settings editor likes it: `type: [a, b]` instead of `anyOf`, no bounds that only say “any integer”. */
function simple(schema: Json): Json {
  const result: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema' || key === 'default' || key === 'additionalProperties') continue;
    if ((key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER)
      continue;
    result[key] = key === 'items' || key === 'propertyNames' ? simple(value as Json) : value;
  }
  const choices = result.anyOf;
  if (Array.isArray(choices) && choices.every((one: Json) => typeof one.type === 'string')) {
    delete result.anyOf;
    return { ...result, type: choices.map((one: Json) => one.type) };
  }
  return result;
}
