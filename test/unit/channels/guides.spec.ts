import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'unbash';
import type { ChannelDescriptor } from '../../../src/channels/contract';
import { DESCRIPTORS } from '../../../src/channels/registry';
import { missingSettings } from '../../../src/host/channel-fields';

const ROOT = join(__dirname, '../../..');
const german: Readonly<Record<string, string>> = read('l10n/bundle.l10n.de.json');

/** Domains of each platform, or of the project that a guide sends people to. */
const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  bluebubbles: ['docs.bluebubbles.app'],
  discord: ['discord.com'],
  email: ['google.com', 'learn.microsoft.com', 'support.apple.com', 'dmarc.org'],
  googlechat: ['developers.google.com'],
  imessage: ['github.com/steipete/imsg'],
  line: ['developers.line.biz'],
  local: [],
  matrix: ['matrix.org'],
  mattermost: ['mattermost.com'],
  signal: ['signal.org', 'github.com/AsamK/signal-cli'],
  slack: ['api.slack.com', 'docs.slack.dev'],
  teams: ['learn.microsoft.com', 'dev.teams.microsoft.com'],
  telegram: ['t.me', 'telegram.org'],
  twitch: ['dev.twitch.tv'],
  whatsapp: ['developers.facebook.com'],
};

function read(path: string): never {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as never;
}

/** Everything in a text that is to be typed: commands, and what is given to them. */
function code(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, run]) => run ?? '');
}

/** The words of a command; undefined unless it is one that needs no shell to be understood. */
function wordsOf(command: string): readonly string[] | undefined {
  const tree = parse(command);
  const [statement] = tree.commands;
  if (tree.errors?.length || tree.commands.length !== 1 || statement?.command.type !== 'Command')
    return undefined;
  const { name, prefix, suffix } = statement.command;
  if (!name || prefix.length > 0) return undefined;
  const words = [name, ...suffix].map((word) => ('value' in word ? word.value : undefined));
  // What is sent elsewhere would be more than a command.
  return words.every((word) => typeof word === 'string') ? words : undefined;
}

/** What a person has to put something else for, by the habit of guides: words in capitals. */
function placeholders(text: string): readonly string[] {
  return [...text.matchAll(/(?<![A-Za-z.-])[A-Z]{3,}(?![A-Za-z.])/g)]
    .map(([word]) => word)
    .filter((word) => word !== 'POST');
}

function isOf({ id }: ChannelDescriptor, url: URL): boolean {
  return (DOMAINS[id] ?? []).some((domain) => {
    const [host = '', ...path] = domain.split('/');
    const there = url.hostname === host || url.hostname.endsWith(`.${host}`);
    return there && url.pathname.startsWith(path.length === 0 ? '/' : `/${path.join('/')}`);
  });
}

describe('the setup guides, word for word', () => {
  for (const descriptor of DESCRIPTORS) {
    const { id, setup, secrets, links } = descriptor;
    const steps = setup.join('\n');
    const page = readFileSync(join(ROOT, 'docs/channels', `${id}.md`), 'utf8');

    it(`${id}: name each setting and credential that the wizard asks for, as the wizard does`, () => {
      for (const { key } of missingSettings(descriptor, {}))
        assert.ok(steps.includes(`“cowork.channels.${id}.${key}”`), key);
      for (const { label, neededWith } of secrets) {
        assert.ok(steps.toLowerCase().includes(label.toLowerCase()), `${label} in the steps`);
        assert.ok(page.includes(`- *${label}*: `), `${label} on the page`);
        // Who works in German finds it by the German name.
        const step = setup.find((text) => text.toLowerCase().includes(label.toLowerCase()));
        assert.ok(step !== undefined && Object.hasOwn(german, step) && Object.hasOwn(german, label), label);
        assert.ok(neededWith === undefined || typeof neededWith({}) === 'boolean');
      }
    });

    it(`${id}: name settings that there are`, () => {
      const { shape } = descriptor.settings as unknown as {
        readonly shape: Readonly<Record<string, unknown>>;
      };
      for (const [, channel, key] of `${steps}\n${page}`.matchAll(
        /cowork\.channels\.([a-z]+)\.([A-Za-z]+)/g,
      )) {
        assert.equal(channel, id);
        assert.ok(Object.hasOwn(shape, key ?? ''), key);
      }
    });

    it(`${id}: give commands that parse, and say what stands for something else`, () => {
      for (const step of setup) {
        for (const run of code(step)) {
          if (run.startsWith('{')) JSON.parse(run);
          else assert.ok(wordsOf(run), `not one plain command: ${run}`);
          const around = step.replaceAll(`\`${run}\``, '').toLowerCase();
          for (const word of placeholders(run))
            assert.ok(around.includes(word.toLowerCase()), `${word} in “${run}” is not explained`);
        }
        assert.deepEqual(code(german[step] ?? step), code(step), 'the German guide gives the same commands');
      }
    });

    it(`${id}: lead to the platform and nowhere else`, () => {
      const named = [...page.matchAll(/\]\((\S+?)\)/g)].map(([, url]) => url ?? '');
      assert.deepEqual(
        named.filter((url) => url.includes('://')),
        links.map(({ url }) => url),
      );
      for (const { url } of links) {
        const parsed = new URL(url);
        assert.equal(parsed.protocol, 'https:', url);
        assert.ok(isOf(descriptor, parsed), url);
      }
    });

    it(`${id}: say nothing twice in its tables`, () => {
      for (const table of page.split('\n\n').filter((block) => block.startsWith('|'))) {
        const first = table
          .split('\n')
          .slice(2)
          .map((line) => line.split(' | ')[0]);
        assert.deepEqual(first, [...new Set(first)]);
      }
    });
  }

  it('send people to commands of the product that are there, under the names that they have', () => {
    const titles = Object.values(read('package.nls.json') as Readonly<Record<string, string>>);
    const pages = DESCRIPTORS.map(({ id }) => readFileSync(join(ROOT, 'docs/channels', `${id}.md`), 'utf8'));
    const text = [...pages, readFileSync(join(ROOT, 'docs/webhooks.md'), 'utf8')]
      .join('\n')
      .replace(/\s+/g, ' ');
    for (const name of [
      'Copy Webhook Address',
      'Check Webhook Reachability',
      'Renew Webhook Address…',
      'Enter Token…',
    ]) {
      assert.ok(titles.includes(name), `no command is called ${name}`);
      assert.ok(text.includes(name), `no guide names ${name}`);
    }
    for (const [, name] of text.matchAll(/([A-Z][a-z]+ (?:Token|Webhook [A-Z][a-z]+)…?)/g))
      if (/^(Enter Token|(Copy|Check|Renew) Webhook)/.test(name ?? ''))
        assert.ok(titles.includes(name ?? '') || titles.includes(`${name}…`), `no command is called ${name}`);
  });

  it('find the webhook address in the menu of a channel that is called, in the Channels view', () => {
    interface Manifest {
      readonly contributes: {
        readonly menus: Readonly<Record<string, readonly { command: string; when: string }[]>>;
      };
    }
    const { contributes } = read('package.json') as Manifest;
    const entry = contributes.menus['view/item/context']?.find(
      ({ command }) => command === 'cowork.webhook.copyAddress',
    );
    assert.match(entry?.when ?? '', /view == cowork\.channels .*called/);
    for (const { id, setup } of DESCRIPTORS) {
      const step = setup.find((text) => text.includes('Copy Webhook Address'));
      // Those that are not told the address by their channel itself.
      assert.equal(step !== undefined, ['googlechat', 'slack', 'teams', 'whatsapp'].includes(id), id);
    }
  });
});
