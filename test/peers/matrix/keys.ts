import { z } from 'zod';
import { Refusal, type Session } from './answers';
import type { Json, World } from './world';

/**
 * Keys of devices, as a homeserver keeps and hands them out. Written from
 *   https://spec.matrix.org/v1.11/client-server-api/#post_matrixclientv3keysupload   counts; a key is never replaced
 *   https://spec.matrix.org/v1.11/client-server-api/#post_matrixclientv3keysquery
 *   https://spec.matrix.org/v1.11/client-server-api/#post_matrixclientv3keysclaim    each key once, then the fallback
 *   https://spec.matrix.org/v1.11/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid
 */
const deviceKeys = z.looseObject({
  user_id: z.string(),
  device_id: z.string(),
  algorithms: z.array(z.string()),
  keys: z.record(z.string(), z.string()),
  signatures: z.record(z.string(), z.record(z.string(), z.string())),
});
const signed = z.looseObject({
  key: z.string(),
  signatures: z.record(z.string(), z.record(z.string(), z.string())),
});
const upload = z.strictObject({
  device_keys: deviceKeys.optional(),
  one_time_keys: z.record(z.string(), signed).optional(),
  fallback_keys: z.record(z.string(), signed).optional(),
});
const query = z.looseObject({ device_keys: z.record(z.string(), z.array(z.string())) });
const claim = z.looseObject({ one_time_keys: z.record(z.string(), z.record(z.string(), z.string())) });
const letters = z.strictObject({
  messages: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))),
});

interface Kept {
  keys: Json | undefined;
  oneTime: Map<string, Json>;
  fallback: { id: string; key: Json; used: boolean } | undefined;
}

export class Keys {
  private readonly devices = new Map<string, Kept>();
  private readonly sent = new Set<string>();
  /** Everything that was claimed, to see that no key is handed out twice. */
  readonly claimed: string[] = [];

  constructor(
    private readonly world: World,
    private readonly logins: () => readonly Session[],
  ) {}

  /** Undefined when it is not about keys. */
  answer(method: string, path: readonly string[], body: () => Json, session: Session): Json | undefined {
    const [first, second] = path;
    if (method === 'POST' && first === 'keys' && second === 'upload') return this.upload(body(), session);
    if (method === 'POST' && first === 'keys' && second === 'query') return this.query(body());
    if (method === 'POST' && first === 'keys' && second === 'claim') return this.claim(body());
    if (method === 'PUT' && first === 'sendToDevice') return this.send(path, body(), session);
    return undefined;
  }

  /** What `/sync` says of one's own keys. */
  counts({ user, device }: Session): Json {
    const kept = this.devices.get(`${user}|${device}`);
    const unused = kept?.fallback && !kept.fallback.used ? ['signed_curve25519'] : [];
    return {
      device_one_time_keys_count: { signed_curve25519: kept?.oneTime.size ?? 0 },
      device_unused_fallback_key_types: unused,
    };
  }

  private kept({ user, device }: Session): Kept {
    const key = `${user}|${device}`;
    const kept = this.devices.get(key) ?? { keys: undefined, oneTime: new Map(), fallback: undefined };
    this.devices.set(key, kept);
    return kept;
  }

  private upload(body: Json, session: Session): Json {
    const parsed = upload.safeParse(body);
    if (!parsed.success) throw new Refusal(400, 'M_BAD_JSON', 'keys/upload');
    const { device_keys: keys, one_time_keys: oneTime = {}, fallback_keys: fallback = {} } = parsed.data;
    const kept = this.kept(session);
    if (keys) {
      if (keys.user_id !== session.user || keys.device_id !== session.device)
        throw new Refusal(400, 'M_BAD_JSON', 'device_keys are of another device');
      if (kept.keys && JSON.stringify(kept.keys.keys) !== JSON.stringify(keys.keys))
        throw new Refusal(400, 'M_UNKNOWN', 'the keys of a device cannot be changed');
      kept.keys = keys;
      this.world.devicesChanged(session.user);
    }
    for (const [id, key] of Object.entries(oneTime)) {
      const before = kept.oneTime.get(id);
      if (before && JSON.stringify(before) !== JSON.stringify(key))
        throw new Refusal(400, 'M_UNKNOWN', `One time key ${id} already exists.`);
      kept.oneTime.set(id, key);
    }
    for (const [id, key] of Object.entries(fallback)) kept.fallback = { id, key, used: false };
    return { one_time_key_counts: { signed_curve25519: kept.oneTime.size } };
  }

  private query(body: Json): Json {
    const parsed = query.safeParse(body);
    if (!parsed.success) throw new Refusal(400, 'M_BAD_JSON', 'keys/query');
    const found: Record<string, Json> = {};
    for (const user of Object.keys(parsed.data.device_keys)) {
      found[user] = {};
      for (const { user: other, device } of this.logins()) {
        const keys = other === user ? this.devices.get(`${user}|${device}`)?.keys : undefined;
        if (keys) found[user] = { ...found[user], [device]: keys };
      }
    }
    return { device_keys: found, failures: {} };
  }

  private claim(body: Json): Json {
    const parsed = claim.safeParse(body);
    if (!parsed.success) throw new Refusal(400, 'M_BAD_JSON', 'keys/claim');
    const found: Record<string, Json> = {};
    for (const [user, devices] of Object.entries(parsed.data.one_time_keys))
      for (const device of Object.keys(devices)) {
        const kept = this.devices.get(`${user}|${device}`);
        const next = kept?.oneTime.entries().next().value;
        if (kept && next) {
          kept.oneTime.delete(next[0]);
          this.claimed.push(`${user} ${device} ${next[0]}`);
          found[user] = { ...found[user], [device]: { [next[0]]: next[1] } };
        } else if (kept?.fallback) {
          kept.fallback.used = true;
          found[user] = { ...found[user], [device]: { [kept.fallback.id]: kept.fallback.key } };
        }
      }
    return { one_time_keys: found, failures: {} };
  }

  private send(path: readonly string[], body: Json, { user, device }: Session): Json {
    const parsed = letters.safeParse(body);
    const [, type = '', transaction = ''] = path;
    if (!parsed.success || transaction === '') throw new Refusal(400, 'M_BAD_JSON', 'sendToDevice');
    const key = JSON.stringify([user, device, type, transaction]);
    if (this.sent.has(key)) return {};
    this.sent.add(key);
    for (const [to, devices] of Object.entries(parsed.data.messages))
      for (const [name, content] of Object.entries(devices)) {
        const all = this.logins().filter((one) => one.user === to && (name === '*' || one.device === name));
        for (const one of all) this.world.toDevice(to, one.device, { sender: user, type, content });
      }
    return {};
  }
}
