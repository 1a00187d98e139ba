import assert from 'node:assert/strict';
import { StepUp, stepUpProjection } from '../../../src/engine/access/step-up';
import { fromBase32, hotp, toBase32, totpStep } from '../../../src/engine/access/totp';
import { who } from '../../helpers/access-house';
import { ManualClock } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { MemorySecrets } from '../../helpers/memory-secrets';

class Rig {
  readonly clock = new ManualClock();
  readonly journal = new MemoryJournal(this.clock);
  readonly secrets = new MemorySecrets();
  readonly state = this.journal.project(stepUpProjection);
  stepUp = this.make();
  secret = '';

  make(): StepUp {
    return new StepUp({
      records: this.journal,
      clock: this.clock,
      secrets: this.secrets,
      state: () => this.state(),
    });
  }

  restart(): void {
    this.journal.restart();
    this.stepUp = this.make();
  }

  code(offset = 0): string {
    return hotp(fromBase32(this.secret), totpStep(this.clock.now()) + offset);
  }

  async enrol(holder: string): Promise<void> {
    const { secret } = this.stepUp.begin(holder, 'Ann');
    this.secret = secret;
    await this.stepUp.confirm(holder, this.code());
    this.clock.advance(60_000);
  }

  async verify(code: string): Promise<string> {
    const answer = await this.stepUp.verify(who('1'), code);
    return answer.ok ? 'ok' : answer.reason;
  }
}

describe('the second factor', () => {
  it('computes what RFC 6238 says, Appendix B', () => {
    const secret = Buffer.from('12345678901234567890');
    for (const [seconds, expected] of [
      [59, '94287082'],
      [1111111109, '07081804'],
      [1111111111, '14050471'],
      [1234567890, '89005924'],
      [2000000000, '69279037'],
      [20000000000, '65353130'],
    ] as const) {
      assert.equal(hotp(secret, totpStep(seconds * 1000), 8), expected);
    }
  });

  it('writes base32 as RFC 4648 has it', () => {
    for (const [text, encoded] of [
      ['f', 'MY'],
      ['fo', 'MZXQ'],
      ['foo', 'MZXW6'],
      ['foob', 'MZXW6YQ'],
      ['fooba', 'MZXW6YTB'],
      ['foobar', 'MZXW6YTBOI'],
    ] as const) {
      assert.equal(toBase32(Buffer.from(text)), encoded);
      assert.equal(Buffer.from(fromBase32(encoded.toLowerCase())).toString(), text);
    }
    assert.throws(() => fromBase32('M1'), RangeError);
  });

  it('is enrolled only once the app has shown a right code', async () => {
    const rig = new Rig();
    const { uri, secret } = rig.stepUp.begin(who('1'), 'Ann & Bob');
    assert.equal(
      uri,
      `otpauth://totp/CoWork%20OS%3AAnn%20%26%20Bob?secret=${secret}&issuer=CoWork%20OS&algorithm=SHA1&digits=6&period=30`,
    );
    assert.equal(fromBase32(secret).length, 20);
    await assert.rejects(rig.stepUp.confirm(who('1'), '000000'), /not the code of the app/);
    assert.ok(!rig.stepUp.isEnrolled(who('1')));
    assert.equal(rig.secrets.values.size, 0);
    assert.equal(await rig.verify('123456'), 'not-enrolled');
    rig.secret = secret;
    await rig.stepUp.confirm(who('1'), rig.code());
    assert.ok(rig.stepUp.isEnrolled(who('1')));
    await assert.rejects(rig.stepUp.confirm(who('2'), rig.code()), /QR code first/);
    assert.ok(!JSON.stringify([rig.journal.records, rig.state()]).includes(secret));
  });

  it('takes a code once, within a step of the present one, also across a restart', async () => {
    const rig = new Rig();
    const holder = who('1');
    await rig.enrol(holder);
    assert.equal(await rig.verify(rig.code(-2)), 'wrong');
    assert.equal(await rig.verify(rig.code(-1)), 'ok');
    assert.equal(await rig.verify(rig.code(-1)), 'replayed');
    const now = rig.code();
    assert.equal(await rig.verify(`${now.slice(0, 3)} ${now.slice(3)}`), 'ok');
    rig.restart();
    assert.equal(await rig.verify(now), 'replayed');
    assert.equal(await rig.verify(rig.code(2)), 'wrong');
    assert.equal(await rig.verify(rig.code(1)), 'ok');
    assert.equal(await rig.verify(rig.code()), 'replayed', 'what is older than a used one is used up too');
  });

  it('lets two that come at the same time use one code once', async () => {
    const rig = new Rig();
    await rig.enrol(who('1'));
    const answers = await Promise.all([rig.verify(rig.code()), rig.verify(rig.code())]);
    assert.deepEqual(answers, ['ok', 'replayed']);
  });

  it('locks after five wrong codes, ever longer, also across a restart', async () => {
    const rig = new Rig();
    await rig.enrol(who('1'));
    for (const minutes of [15, 30, 60]) {
      for (let tried = 0; tried < 5; tried++) assert.equal(await rig.verify('x'), 'wrong');
      rig.restart();
      assert.equal(await rig.verify(rig.code()), 'locked');
      rig.clock.advance(minutes * 60_000 - 1);
      assert.equal(await rig.verify(rig.code()), 'locked');
      rig.clock.advance(1);
    }
    assert.equal(await rig.verify(rig.code()), 'ok');
  });

  it('has not passed when it could not be recorded, and is not the factor of someone else', async () => {
    const rig = new Rig();
    await rig.enrol(who('1'));
    const answer = await rig.stepUp.verify(who('2'), rig.code());
    assert.ok(!answer.ok && answer.reason === 'not-enrolled');
    rig.journal.failWith(new Error('disk full'));
    assert.equal(await rig.verify(rig.code()), 'not-recorded');
    rig.journal.failWith(undefined);
    await rig.stepUp.remove(who('1'));
    assert.equal(await rig.verify(rig.code()), 'not-enrolled');
    assert.equal(rig.secrets.values.size, 0);
  });
});
