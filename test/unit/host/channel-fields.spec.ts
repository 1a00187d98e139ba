import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESCRIPTORS } from '../../../src/channels/descriptors';
import { mattermostDescriptor } from '../../../src/channels/mattermost/descriptor';
import {
  missingSetting,
  missingSettings,
  settingDescription,
  settingField,
  settingProblem,
  settingValue,
} from '../../../src/host/channel-fields';

describe('the settings that the wizard asks for', () => {
  it('are those that a channel says it lacks, each named so that it is found', () => {
    for (const descriptor of DESCRIPTORS) {
      const sentence = descriptor.missing?.({});
      if (sentence === undefined) continue;
      const field = missingSetting(descriptor, {});
      assert.ok(field !== undefined, `${descriptor.id}: “${sentence}” names none of its settings`);
      assert.notEqual(field.description, '', `${descriptor.id}.${field.key}`);
      // Nothing is asked for twice: an empty answer is not taken.
      assert.notEqual(
        settingProblem(descriptor, field.key, '', {}),
        undefined,
        `${descriptor.id}.${field.key}`,
      );
    }
  });

  it('are all known from the start, in the order in which a channel comes to lack them', () => {
    const asked = (id: string, set: unknown = {}) => {
      const descriptor = DESCRIPTORS.find((one) => one.id === id);
      assert.ok(descriptor);
      return missingSettings(descriptor, set).map(({ key }) => key);
    };
    assert.deepEqual(asked('email'), ['address', 'imapHost', 'smtpHost']);
    assert.deepEqual(asked('email', { imapHost: 'imap.example.com' }), ['address', 'smtpHost']);
    assert.deepEqual(asked('googlechat'), ['projectNumber', 'allowedOrganisations']);
    assert.deepEqual(asked('twitch'), ['clientId', 'channels']);
    assert.deepEqual(asked('twitch', { whispers: true }), ['clientId']);
    assert.deepEqual(asked('bluebubbles'), ['serverUrl']);
    assert.deepEqual(asked('telegram'), []);
    // What is set wrongly is asked for as well, with what it holds.
    const email = DESCRIPTORS.find(({ id }) => id === 'email');
    assert.ok(email);
    const [first] = missingSettings(email, { imapHost: 'https://imap.example.com' });
    assert.deepEqual([first?.key, first?.value], ['imapHost', 'https://imap.example.com']);
  });

  it('are taken when they are right, and refused in words when they are not', () => {
    const good = 'https://chat.example.org';
    assert.equal(settingProblem(mattermostDescriptor, 'serverUrl', good, {}), undefined);
    assert.match(settingProblem(mattermostDescriptor, 'serverUrl', 'not an address', {}) ?? '', /must be/);
    assert.equal(missingSetting(mattermostDescriptor, { serverUrl: good }), undefined);
    // What is wrong elsewhere is not said of this one.
    const other = { allowedTeams: ['x'] };
    assert.equal(settingProblem(mattermostDescriptor, 'serverUrl', good, other), undefined);
    assert.equal(missingSetting(mattermostDescriptor, { serverUrl: good, ...other })?.key, 'allowedTeams');
  });

  it('are kept as what they are: lists, numbers, texts', () => {
    assert.deepEqual(settingValue(mattermostDescriptor, 'allowedTeams', 'a, b\nb;c'), ['a', 'b', 'c']);
    assert.equal(settingValue(mattermostDescriptor, 'serverUrl', '7'), '7');
    const email = DESCRIPTORS.find(({ id }) => id === 'email');
    assert.ok(email);
    assert.equal(settingValue(email, 'imapPort', '143'), 143);
    assert.equal(settingValue(email, 'imapPort', 'many'), 'many');
    assert.deepEqual(settingField(email, 'imapSecurity', { imapSecurity: 'tls' }).choices, [
      'tls',
      'starttls',
    ]);
    assert.equal(
      settingField(mattermostDescriptor, 'allowedTeams', { allowedTeams: ['a', 'b'] }).value,
      'a, b',
    );
    assert.throws(() => settingField(email, 'toString', {}), RangeError);
  });

  it('are described as the manifest does, in the language in which the editor hands it over', () => {
    const manifest = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
    assert.equal(
      settingDescription(manifest, 'channels.mattermost.serverUrl'),
      '%setting.channels.mattermost.serverUrl%',
    );
    assert.equal(settingDescription(manifest, 'channels.mattermost.none'), undefined);
    assert.equal(settingDescription('x', 'channels.mattermost.serverUrl'), undefined);
  });
});
