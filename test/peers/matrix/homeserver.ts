import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { ToldToWait } from '../told-to-wait';
import { jsonOf, positionOf, Refusal, reply, type Session } from './answers';
import { Keys } from './keys';
import { Sessions } from './sessions';
import { type Json, World } from './world';

/**
 * A Matrix homeserver as far as a bot sees it, refusing what Synapse refuses. Written from
 *   https://spec.matrix.org/v1.11/client-server-api/#standard-error-response       errcode, error, M_LIMIT_EXCEEDED
 *   https://spec.matrix.org/v1.11/client-server-api/#using-access-tokens            header, M_MISSING_TOKEN, M_UNKNOWN_TOKEN
 *   https://spec.matrix.org/v1.11/client-server-api/#syncing                        since, timeout, filter
 *   https://spec.matrix.org/v1.11/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid  transaction ids
 *   https://spec.matrix.org/v1.11/client-server-api/#size-limits                    65,536 bytes
 *   https://spec.matrix.org/v1.11/client-server-api/#content-repository             upload, authenticated download
 * Sessions and their renewal are in sessions.ts, keys in keys.ts, rooms in world.ts.
 */
export const BOT = '@work-bot:example.test';

/** Milliseconds until the end of a connection is noticed, at most. */
const GOODBYE_MS = 40;
const EVENT_CAP = 65_536;

const message = z.looseObject({ msgtype: z.string(), body: z.string() });
const filterForm = z.strictObject({
  presence: z.strictObject({ types: z.array(z.string()) }),
  account_data: z.strictObject({ types: z.array(z.string()) }),
  room: z.strictObject({
    timeline: z.strictObject({ limit: z.number().int().positive(), types: z.array(z.string()) }),
    state: z.strictObject({ types: z.array(z.string()) }),
    ephemeral: z.strictObject({ types: z.array(z.string()) }),
    account_data: z.strictObject({ types: z.array(z.string()) }),
  }),
});

interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface OpenSync {
  garble(): void;
  die(): void;
  isOpen(): boolean;
}

export class Homeserver extends HttpPeer {
  readonly world = new World();
  readonly sessions = new Sessions();
  readonly keys = new Keys(this.world, () => this.sessions.devices());
  readonly media = new Map<string, { bytes: Buffer; type: string }>();
  readonly typed: string[] = [];
  versions: string[] = ['v1.1', 'v1.10', 'v1.11'];
  registration: 'open' | 'closed' = 'closed';
  federates = false;
  /** The answer to the next sending is lost. */
  loseAnswer = false;
  private readonly transactions = new Map<string, string>();
  private readonly syncs = new Map<string, OpenSync>();
  private garbled = 0;
  private readonly told = new ToldToWait();

  /** Answers the sync that is open, or else the next, with what is not of the protocol. */
  garble(): void {
    // With nobody waiting it is the next one, and no more: a row of them would be another fault.
    if (this.syncs.size === 0) this.garbled = 1;
    for (const sync of [...this.syncs.values()]) sync.garble();
  }

  /** The syncs that are open are never answered, whatever comes. */
  stall(): void {
    for (const sync of [...this.syncs.values()]) sync.die();
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = await bodyOf(request).catch(() => undefined);
    if (!body) return;
    const url = new URL(request.url ?? '', 'http://x');
    const path = url.pathname.split('/').slice(2).map(decodeURIComponent);
    const call: Call = {
      method: request.method ?? '',
      path,
      query: url.searchParams,
      body,
      request,
      response,
    };
    try {
      const value = await this.answer(call);
      if (value === GONE) return;
      if (Buffer.isBuffer(value)) {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        response.end(value);
      } else reply(response, 200, value);
    } catch (error) {
      if (!(error instanceof Refusal)) {
        this.problems.push(`the homeserver failed: ${String(error)}`);
        reply(response, 500, { errcode: 'M_UNKNOWN', error: 'Internal server error' });
      } else reply(response, error.status, error.body);
    }
  }

  private async answer(call: Call): Promise<unknown> {
    const { method, path, query, request } = call;
    const [root, version, ...rest] = path;
    if (query.has('access_token')) this.problems.push('the token was put into an address');
    this.refuseNow(call);
    if (root === 'federation' && this.federates) return { server: { name: 'Synapse', version: '1.120.0' } };
    if (root === 'client' && version === 'versions') return { versions: this.versions };
    if (root === 'client' && rest.join('/') === 'register/available') {
      if (this.registration === 'open') return { available: true };
      throw new Refusal(403, 'M_FORBIDDEN', 'Registration has been disabled');
    }
    if (root === 'client' && version === 'v3' && rest[0] === 'refresh' && method === 'POST')
      return this.sessions.refresh(jsonBody(call));
    if (root === 'client' && version === 'v3' && rest[0] === 'login' && method === 'POST')
      return this.sessions.logIn(request.headers['content-type'], jsonBody(call));
    if (root === 'federation') throw new Refusal(404, 'M_UNRECOGNIZED', 'Unrecognized request');
    const session =
      this.trouble === 'revoked' ? this.sessions.unknown() : this.sessions.of(request.headers.authorization);
    if (root === 'media' && version === 'v3' && rest[0] === 'upload') return this.upload(call);
    if (root === 'client' && version === 'v1' && rest[0] === 'media' && rest[1] === 'download') {
      const file = this.media.get(`mxc://${rest[2]}/${rest[3]}`);
      if (!file) throw new Refusal(404, 'M_NOT_FOUND', 'Not found');
      return file.bytes;
    }
    if (root === 'client' && version === 'v3') return this.v3(call, session, rest);
    throw this.unrecognized(call);
  }

  private async v3(call: Call, session: Session, path: readonly string[]): Promise<unknown> {
    const { method } = call;
    const [first, second] = path;
    const { user, device } = session;
    if (method === 'GET' && first === 'account' && second === 'whoami')
      return { user_id: user, device_id: device, is_guest: false };
    if (method === 'GET' && first === 'profile') {
      const name = this.world.names.get(second ?? '');
      if (name === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Profile was not found');
      return { displayname: name };
    }
    if (method === 'GET' && first === 'sync') return this.sync(call, session);
    if (first === 'rooms') return this.inRoom(call, session, second ?? '', path.slice(2));
    if (first === 'user' && path[2] === 'account_data') {
      if (second !== user) throw new Refusal(403, 'M_FORBIDDEN', 'Cannot get account data for other users.');
      if (method === 'PUT') {
        this.world.setData(user, path[3] ?? '', jsonBody(call));
        return {};
      }
      const content = this.world.dataOf(user, path[3] ?? '');
      if (!content) throw new Refusal(404, 'M_NOT_FOUND', 'Account data not found');
      return content;
    }
    const answered = this.keys.answer(method, path, () => jsonBody(call), session);
    if (answered !== undefined) return answered;
    throw this.unrecognized(call);
  }

  private inRoom(call: Call, { user, device }: Session, id: string, path: readonly string[]): unknown {
    const { method, query } = call;
    const room = this.world.rooms.get(id);
    const [action, ...rest] = path;
    const membership = room?.membership(user) ?? 'leave';
    if (method === 'POST' && action === 'join') {
      jsonBody(call);
      if (
        !room ||
        (membership === 'leave' && room.state('m.room.join_rules')?.content.join_rule !== 'public')
      )
        throw new Refusal(403, 'M_FORBIDDEN', 'You are not invited to this room.');
      if (membership !== 'join') this.world.member(id, user, 'join');
      return { room_id: id };
    }
    if (!room || membership === 'leave')
      throw new Refusal(403, 'M_FORBIDDEN', `User ${user} not in room ${id}`);
    if (method === 'POST' && action === 'leave') {
      jsonBody(call);
      this.world.member(id, user, 'leave');
      return {};
    }
    if (membership !== 'join') throw new Refusal(403, 'M_FORBIDDEN', `User ${user} not in room ${id}`);
    if (method === 'PUT' && action === 'typing') {
      if (rest[0] !== user) throw new Refusal(403, 'M_FORBIDDEN', 'Cannot set another user’s typing state');
      if (jsonBody(call).typing === true) this.typed.push(id);
      return {};
    }
    if (method === 'GET' && action === 'event') {
      const event = this.world.find(id, rest[0] ?? '');
      if (!event) throw new Refusal(404, 'M_NOT_FOUND', 'Event not found.');
      return event;
    }
    if (method === 'GET' && action === 'messages') {
      if (query.get('dir') !== 'b') throw new Refusal(400, 'M_INVALID_PARAM', 'dir');
      const types = z
        .looseObject({ types: z.array(z.string()).optional() })
        .parse(JSON.parse(query.get('filter') ?? '{}')).types;
      const to = query.get('to');
      return this.world.page(
        room,
        positionOf(query.get('from')),
        to === null ? 0 : positionOf(to),
        Math.min(100, Number(query.get('limit') ?? 10)),
        types,
      );
    }
    if (method === 'PUT' && action === 'send' && rest.length === 2) {
      const [type = '', transaction = ''] = rest;
      const key = JSON.stringify([device, id, type, transaction]);
      const earlier = this.transactions.get(key);
      const content = jsonBody(call);
      const eventId = earlier ?? this.send(user, id, type, content, call.body.length);
      this.transactions.set(key, eventId);
      if (!this.loseAnswer) return { event_id: eventId };
      this.loseAnswer = false;
      call.request.socket.destroy();
      return GONE;
    }
    throw this.unrecognized(call);
  }

  private send(user: string, id: string, type: string, content: Json, size: number): string {
    // What the homeserver adds to the content counts too.
    if (size > EVENT_CAP - 1_000) throw new Refusal(413, 'M_TOO_LARGE', 'event too large');
    if (type === 'm.room.message') {
      if (!message.safeParse(content).success)
        this.problems.push(`a message without its type or text: ${JSON.stringify(content).slice(0, 200)}`);
      if (this.world.room(id).encrypted)
        this.problems.push('a message in the clear was sent to an encrypted room');
    } else if (type !== 'm.room.encrypted') this.problems.push(`an event of the type ${type} was sent`);
    return this.world.put(id, user, type, content).event_id;
  }

  private upload({ method, body, request, query }: Call): unknown {
    if (method !== 'POST' || body.length === 0) throw new Refusal(400, 'M_UNKNOWN', 'no content');
    if (body.length > 50 * 1024 * 1024) throw new Refusal(413, 'M_TOO_LARGE', 'Upload is too large');
    const type = request.headers['content-type'] ?? '';
    if (type === '') this.problems.push('a file without its type');
    const uri = `mxc://example.test/file${this.media.size}${query.has('filename') ? 'named' : ''}`;
    this.media.set(uri, { bytes: body, type });
    return { content_uri: uri };
  }

  /** What is wrong with every call at the moment. */
  private refuseNow({ method, path }: Call): void {
    const sending = method === 'PUT' && path.includes('send');
    if (sending && this.told.isTooEarly())
      this.problems.push('sent before the time that it was told to wait for');
    if (this.trouble === 'error') throw new Refusal(503, 'M_UNKNOWN', 'Internal server error');
    if (this.trouble !== 'rate-limit') return;
    // Half of it, so that a timer that fires a little early is not taken for haste.
    if (sending) this.told.tell(500 / this.speed);
    throw new Refusal(429, 'M_LIMIT_EXCEEDED', 'Too Many Requests', { retry_after_ms: 1_000 });
  }

  private async sync({ query, request }: Call, session: Session): Promise<unknown> {
    const { user, device } = session;
    const form = filterForm.safeParse(JSON.parse(query.get('filter') ?? 'null'));
    if (!form.success) throw new Refusal(400, 'M_BAD_JSON', 'filter');
    const { timeline, state } = form.data.room;
    const filter = { limit: timeline.limit, types: timeline.types, stateTypes: state.types };
    const since = query.has('since') ? positionOf(query.get('since')) : undefined;
    if (since !== undefined && since > this.world.now)
      throw new Refusal(400, 'M_INVALID_PARAM', 'since is of another homeserver');
    const ask = () => this.world.sync(user, device, since, filter);
    const key = `${user}|${device}`;
    let { answer, news } = ask();
    let end: 'garbled' | 'dead' | undefined = this.garbled > 0 ? 'garbled' : undefined;
    if (end) this.garbled -= 1;
    const timeout = Number(query.get('timeout') ?? 0);
    if (!end && !news && since !== undefined && timeout > 0) {
      end = await this.hold(key, request, timeout / this.speed, () => {
        ({ answer, news } = ask());
        return news;
      });
    }
    if (end === 'dead') return GONE;
    if (end === 'garbled') return Buffer.from('{"next_batch":"s9","rooms":{"jo');
    return { ...answer, ...this.keys.counts(session) };
  }

  /** Until `changed` says so, the time is over, or something is wrong. */
  private hold(
    key: string,
    request: IncomingMessage,
    ms: number,
    changed: () => boolean,
  ): Promise<'garbled' | 'dead' | undefined> {
    return new Promise((resolve) => {
      let open = true;
      const done = (how?: 'garbled' | 'dead') => {
        open = false;
        clearTimeout(timer);
        unwatch();
        request.socket.off('close', closed);
        if (this.syncs.get(key) === sync) this.syncs.delete(key);
        resolve(how);
      };
      const closed = () => done();
      const timer = setTimeout(done, ms);
      const sync: OpenSync = {
        garble: () => done('garbled'),
        die: () => done('dead'),
        isOpen: () => open && !request.socket.destroyed,
      };
      const unwatch = this.world.watch(() => {
        if (changed()) done();
      });
      const other = this.syncs.get(key);
      this.syncs.set(key, sync);
      // A client that has given the other one up may not have been heard to yet.
      if (other)
        setTimeout(() => {
          if (other.isOpen()) this.problems.push('two syncs of one device at the same time');
        }, GOODBYE_MS);
      request.socket.once('close', closed);
    });
  }

  private unrecognized({ method, path }: Call): Refusal {
    this.problems.push(`no such endpoint: ${method} ${path.join('/')}`);
    return new Refusal(404, 'M_UNRECOGNIZED', 'Unrecognized request');
  }
}

/** No answer is sent any more. */
const GONE = Symbol('gone');

function jsonBody({ body, request }: Call): Json {
  return jsonOf(body, request.headers['content-type']);
}
