import * as z from 'zod';
import { serverAddress } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

const ROOM =
  'must be the id of a room, such as !abcdef:example.org; its address that begins with # is not it';
const roomId = z.string({ error: ROOM }).regex(/^![^\s:]+(:\S+)?$/, ROOM);
const DEVICE =
  'must be a person, a device and its key with spaces between, such as “@ann:example.org ABCDEFGHIJ” and 43 letters and digits';
const device = z.string({ error: DEVICE }).regex(/^@\S+:\S+ \S+ [A-Za-z0-9+/]{43}$/, DEVICE);

/** Settings of the Matrix channel. Machine or user scope only (law 2). */
export const matrixSettings = z.object({
  homeserver: serverAddress(
    'https://matrix.example.org',
    'Address of the homeserver’s client API, such as `https://matrix.example.org`.',
  ),
  allowedRooms: z
    .array(roomId)
    .default([])
    .describe(
      'Ids of the rooms that the bot takes part in, such as `!abcdef:example.org`. Empty: any room, but each one needs a pairing code. Direct conversations need not be listed.',
    ),
  sensitiveRooms: z
    .array(roomId)
    .default([])
    .describe('Ids of rooms in which the bot neither hears nor says anything unless they are encrypted.'),
  invitations: z
    .enum(['direct', 'people'], { error: 'must be “direct” or “people”' })
    .default('direct')
    .meta({
      description: 'Whose invitations the bot takes.',
      choices: {
        direct:
          'Those of people who are let in, and direct conversations of everybody, so that they can pair.',
        people: 'Those of people who are let in.',
      },
    }),
  closeOnUnknownMember: z
    .boolean()
    .default(true)
    .describe(
      'When somebody who is not let in comes into a room that is, nobody is answered there any more until the room is let in again.',
    ),
  encryption: z
    .boolean()
    .default(true)
    .describe('Read and write in encrypted rooms. Switched off, the bot hears and says nothing there.'),
  verifiedDevices: z
    .array(device)
    .default([])
    .describe(
      'Devices of people whose keys you have compared with them, each as `@person:example.org DEVICE KEY`. Messages of others are taken too, and the Checklist shows their devices.',
    ),
});

export type MatrixSettings = z.output<typeof matrixSettings>;

export const matrixDescriptor: ChannelDescriptor = {
  id: 'matrix',
  name: 'Matrix',
  icon: 'layers',
  summary:
    'An account of its own on a Matrix homeserver, in encrypted rooms too. It asks the homeserver for what is new; nothing reaches in.',
  secrets: [
    {
      name: 'accessToken',
      label: 'Access token',
      help: 'The token of a login of the bot’s account that nothing else uses: the answer to POST /_matrix/client/v3/login has it.',
      validate: (value) =>
        /^[\x21-\x7e]{8,4096}$/.test(value)
          ? undefined
          : 'This is not an access token. It is one word without spaces, as the homeserver answered it.',
    },
    {
      name: 'refreshToken',
      label: 'Refresh token',
      help: 'Beside the access token in the answer to the login, when that asked with "refresh_token": true. Expired access tokens are then renewed by themselves.',
      validate: (value) =>
        /^[\x21-\x7e]{8,4096}$/.test(value)
          ? undefined
          : 'This is not a refresh token. It is one word without spaces, as the homeserver answered it.',
      neededWith: () => false,
      usefulWith: () => true,
    },
  ],
  settings: matrixSettings,
  missing: (settings) =>
    typeof settings.homeserver === 'string' && settings.homeserver !== ''
      ? undefined
      : 'Set “cowork.channels.matrix.homeserver” to the address of the homeserver.',
  capabilities: {
    // An event may have 65,536 bytes, in which an edit has the text twice, escaped, and encrypted a third larger.
    maxLength: 4_000,
    edit: true,
    buttons: false,
    threads: true,
    typing: true,
    // What Synapse takes unless told otherwise: https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#max_upload_size
    fileBytes: 50 * 1024 * 1024,
    contexts: ['dm', 'group', 'public'],
  },
  noBots: true,
  setup: [
    'Register an account for the bot on your homeserver. Use one of its own for this, never your own account.',
    'Log it in once for this alone, and never with another client at the same time. Run `curl -X POST -H "Content-Type: application/json" --data @- https://matrix.example.org/_matrix/client/v3/login` with the address of your homeserver, enter `{"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "USER"}, "password": "PASSWORD", "initial_device_display_name": "CoWork OS", "refresh_token": true}` with the user name and the password of the account, and press Enter and Ctrl+D. So the password is in no history of commands.',
    'Set “cowork.channels.matrix.homeserver” to the address of the homeserver.',
    'Copy the access token, access_token in the answer, and paste it here. It is checked with the homeserver and kept in the secret store.',
    'If there is a refresh token in the answer too, refresh_token, enter it as well: the homeserver lets access tokens expire. Otherwise leave that field empty.',
    'Generate a pairing code in VS Code, begin a direct conversation with the bot in your client, and send the code.',
    'In a client such as Element, compare the key of the bot’s device with the one that the Channels view shows, and put your own device’s key into “cowork.channels.matrix.verifiedDevices”.',
  ],
  links: [
    { label: 'Login', url: 'https://spec.matrix.org/latest/client-server-api/#login' },
    { label: 'Clients', url: 'https://matrix.org/ecosystem/clients/' },
    { label: 'Encryption', url: 'https://matrix.org/docs/matrix-concepts/end-to-end-encryption/' },
  ],
  health: (reported) => [
    ...(typeof reported.matrixVersion === 'string' ? [`Matrix ${reported.matrixVersion}.`] : []),
    ...(typeof reported.ownDevice === 'string' ? [`Own device: ${reported.ownDevice}.`] : []),
    ...listOf(reported.unverifiedDevices).map((one) => `Not verified: ${one}.`),
  ],
  hosts: serverHosts,
};

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function serverHosts(settings: ChannelSettings): readonly string[] {
  const parsed = matrixSettings.safeParse(settings);
  return parsed.success && parsed.data.homeserver !== '' ? [new URL(parsed.data.homeserver).host] : [];
}
