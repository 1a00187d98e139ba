/**
 * What should be true of who may talk, written as plainly as it can be and apart from the product: no records,
 * no hashes, one account, one DM a person, one group. Times are milliseconds; `step` orders what happened.
 */
export type Place = 'dm' | 'group';
export type Mode = 'pairing' | 'allowlist' | 'open' | 'disabled';
export type Rank = 'observer' | 'member' | 'approver' | 'owner';
type How = 'paired' | 'open' | 'allowlist';

interface Person {
  rank: Rank;
  /** `gone`: what let them in has ended, they are as if never seen. */
  status: 'in' | 'suspended' | 'revoked' | 'gone';
  since: number;
  claims: Partial<Record<Place, How>>;
}

interface Code {
  place: Place;
  rank: Rank;
  until: number;
  tries: number;
  made: number;
}

const RANKS: Rank[] = ['observer', 'member', 'approver', 'owner'];
const DAY = 86_400_000;

export class Model {
  now = 0;
  step = 0;
  modes: Record<Place, Mode> = { dm: 'pairing', group: 'pairing' };
  lists: Record<Place, Set<string>> = { dm: new Set(), group: new Set() };
  roomListed = false;
  room: How | undefined;
  people = new Map<string, Person>();
  codes = new Map<number, Code>();
  guesses = new Map<string, { wrong: number; level: number; until: number; last: number }>();

  liveCodes(): [number, Code][] {
    return [...this.codes].filter(([, code]) => code.until > this.now && code.tries < 20);
  }

  /** Whether a claim made at one place holds at another: what was given in private holds in the group. */
  private claim(person: Person | undefined, place: Place): boolean {
    if (person?.status !== 'in') return false;
    const holds = (at: Place): boolean => {
      const how = person.claims[at];
      return how !== undefined && (how !== 'open' || (this.modes[at] === 'open' && at === place));
    };
    return holds('dm') || (place === 'group' && holds('group'));
  }

  mayTalk(who: string, place: Place): boolean {
    const person = this.people.get(who);
    if (person?.status === 'suspended' || person?.status === 'revoked') return false;
    switch (this.modes[place]) {
      case 'disabled':
        return false;
      case 'open':
        return true;
      case 'allowlist':
        return this.lists[place].has(who) && (place === 'dm' || this.roomListed);
      case 'pairing':
        return this.claim(person, place) && (place === 'dm' || this.room !== undefined);
    }
  }

  /** Says something that is not a code. */
  talk(who: string, place: Place): 'principal' | 'out' {
    if (!this.mayTalk(who, place)) return 'out';
    const mode = this.modes[place];
    if (mode === 'pairing') return 'principal';
    if (place === 'group') this.room ??= mode as How;
    const person = this.people.get(who);
    const has =
      mode === 'open'
        ? this.claim(person, place)
        : person?.status === 'in' && person.claims[place] !== undefined;
    if (!has) this.enter(who, place, mode as How, person?.status === 'in' ? person.rank : 'member');
    return 'principal';
  }

  private enter(who: string, place: Place, how: How, rank: Rank): void {
    const before = this.people.get(who);
    const claims = before?.status === 'in' ? before.claims : {};
    this.people.set(who, { rank, status: 'in', since: this.step, claims: { ...claims, [place]: how } });
    this.guesses.delete(who);
  }

  /** Says a code: the one with this number, or one that is no code when undefined. */
  say(who: string, place: Place, number: number | undefined): 'principal' | 'welcome' | 'already' | 'out' {
    if (this.modes[place] !== 'pairing') return this.talk(who, place);
    const person = this.people.get(who);
    const inside = this.mayTalk(who, place);
    const candidates = this.liveCodes().filter(([, code]) => code.place === place);
    const useful = candidates.filter(([, code]) => {
      if (!person || person.status === 'gone') return true;
      if (person.status !== 'in') return code.made > person.since;
      return !inside || RANKS.indexOf(code.rank) > RANKS.indexOf(person.rank);
    });
    const guess = this.guesses.get(who);
    if (guess && guess.until > this.now && (!inside || useful.length > 0)) return 'out';
    const said = this.liveCodes().find(([at]) => at === number);
    if (said && useful.some(([at]) => at === number)) {
      const keeps = person?.status === 'in' && RANKS.indexOf(person.rank) >= RANKS.indexOf(said[1].rank);
      if (place === 'group') this.room ??= 'paired';
      this.enter(who, place, 'paired', keeps ? person.rank : said[1].rank);
      this.codes.delete(said[0]);
      return 'welcome';
    }
    if (said && inside) {
      this.codes.delete(said[0]);
      return 'already';
    }
    if (inside && useful.length === 0) return 'principal';
    for (const [, code] of inside ? useful : candidates) code.tries++;
    this.miss(who);
    return inside ? 'principal' : 'out';
  }

  private miss(who: string): void {
    const known = this.guesses.get(who);
    const old = !known || this.now - Math.max(known.last, known.until) > DAY;
    const guess = old ? { wrong: 0, level: 0, until: 0, last: 0 } : known;
    guess.last = this.now;
    if (++guess.wrong === 5) {
      guess.wrong = 0;
      guess.until = this.now + Math.min(7 * DAY, 900_000 * 2 ** guess.level++);
    }
    this.guesses.set(who, guess);
  }

  setMode(place: Place, mode: Mode): void {
    this.modes[place] = mode;
    if (mode !== 'pairing')
      for (const [at, code] of this.codes) if (code.place === place) this.codes.delete(at);
    if (mode === 'open') return;
    for (const person of this.people.values()) {
      if (person.claims[place] === 'open') this.lose(person, place, 'gone');
    }
    if (place === 'group' && this.room === 'open') this.room = undefined;
  }

  private lose(person: Person, place: Place, status: 'gone' | 'revoked'): void {
    delete person.claims[place];
    if (person.status !== 'in' || Object.keys(person.claims).length > 0) return;
    person.status = status;
    person.since = this.step;
  }

  setList(place: Place, senders: string[], roomListed: boolean): void {
    const before = this.lists[place];
    const after = new Set(senders);
    this.lists[place] = after;
    if (place === 'group') this.roomListed = roomListed;
    for (const [who, person] of this.people) {
      const listed = person.claims[place] === 'allowlist' || before.has(who);
      if (listed && !after.has(who)) this.lose(person, place, 'revoked');
    }
    if (place === 'group' && this.room === 'allowlist' && !roomListed) this.room = undefined;
    if (this.modes[place] !== 'allowlist') return;
    for (const [who, person] of this.people) {
      if (person.status === 'revoked' && after.has(who) && !before.has(who)) {
        this.enter(who, place, 'allowlist', 'member');
      }
    }
  }

  setStatus(who: string, status: 'suspended' | 'revoked'): void {
    const person = this.people.get(who);
    if (!person || (status === 'suspended' && person.status !== 'in')) return;
    person.status = status;
    person.since = this.step;
  }

  restore(who: string): void {
    const person = this.people.get(who);
    if (person?.status === 'suspended') person.status = 'in';
  }
}
