import * as z from 'zod';

/** https://spec.matrix.org/v1.11/client-server-api/#room-event-format */
const event = z.looseObject({
  type: z.string(),
  event_id: z.string().max(300).default(''),
  sender: z.string().max(300).default(''),
  origin_server_ts: z.number().default(0),
  state_key: z.string().optional(),
  content: z.record(z.string(), z.unknown()).default({}),
  unsigned: z.looseObject({}).optional(),
});
export type MatrixEvent = z.output<typeof event>;

/** Of a list of events those that are such; a single one that is not must not stop the others. */
export function eventsOf(list: readonly unknown[] | undefined): MatrixEvent[] {
  return (list ?? []).flatMap((one) => {
    const parsed = event.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

const events = z.looseObject({ events: z.array(z.unknown()).default([]) });

const joinedRoom = z.looseObject({
  state: events.optional(),
  timeline: z
    .looseObject({
      events: z.array(z.unknown()).default([]),
      limited: z.boolean().default(false),
      prev_batch: z.string().optional(),
    })
    .optional(),
});
export type JoinedRoom = z.output<typeof joinedRoom>;

const invitedRoom = z.looseObject({ invite_state: events.optional() });
export type InvitedRoom = z.output<typeof invitedRoom>;

/** https://spec.matrix.org/v1.11/client-server-api/#get_matrixclientv3sync */
export const syncAnswer = z.looseObject({
  next_batch: z.string().min(1),
  rooms: z
    .looseObject({
      join: z.record(z.string(), joinedRoom).optional(),
      invite: z.record(z.string(), invitedRoom).optional(),
      leave: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  account_data: events.optional(),
  to_device: events.optional(),
  device_lists: z
    .looseObject({ changed: z.array(z.string()).default([]), left: z.array(z.string()).default([]) })
    .optional(),
  device_one_time_keys_count: z.record(z.string(), z.number()).optional(),
  device_unused_fallback_key_types: z.array(z.string()).optional(),
});
export type SyncAnswer = z.output<typeof syncAnswer>;

/** https://spec.matrix.org/v1.11/client-server-api/#get_matrixclientv3roomsroomidmessages */
export const messagesAnswer = z.looseObject({
  chunk: z.array(z.unknown()).default([]),
  end: z.string().optional(),
});

/** https://spec.matrix.org/v1.11/client-server-api/#get_matrixclientv3accountwhoami */
export const whoamiAnswer = z.looseObject({
  user_id: z.string().regex(/^@[^:]+:.+$/),
  device_id: z.string().optional(),
});

export const versionsAnswer = z.looseObject({
  versions: z.array(z.string()),
  unstable_features: z.record(z.string(), z.unknown()).optional(),
});

export const sentAnswer = z.looseObject({ event_id: z.string().min(1) });
export const uploadedAnswer = z.looseObject({ content_uri: z.string().startsWith('mxc://') });

/** What every refusal looks like: https://spec.matrix.org/v1.11/client-server-api/#standard-error-response */
export const refusalAnswer = z
  .looseObject({
    errcode: z.string().default(''),
    error: z.string().default(''),
    soft_logout: z.boolean().optional(),
    retry_after_ms: z.number().nonnegative().optional(),
  })
  .catch({ errcode: '', error: '' });

/** An encrypted file as it is named in an event: https://spec.matrix.org/v1.11/client-server-api/#extensions-to-mroommessage-msgtypes */
export const encryptedFile = z.looseObject({
  url: z.string().startsWith('mxc://'),
  key: z.looseObject({ k: z.string(), alg: z.literal('A256CTR') }),
  iv: z.string(),
  hashes: z.looseObject({ sha256: z.string() }),
  v: z.literal('v2'),
});
export type EncryptedFile = z.output<typeof encryptedFile>;

/** A relation of one event to another: https://spec.matrix.org/v1.11/client-server-api/#forming-relationships-between-events */
export const relation = z
  .looseObject({
    rel_type: z.string().optional(),
    event_id: z.string().optional(),
    is_falling_back: z.boolean().optional(),
    'm.in_reply_to': z.looseObject({ event_id: z.string() }).optional(),
  })
  .optional()
  .catch(undefined);
