import assert from 'node:assert/strict';
import { addressKind } from '../../../src/engine/egress/address';
import { destinationOf, findPattern, parseHostPattern } from '../../../src/engine/egress/destination';

describe('egress: addresses and hosts', () => {
  it('[FAQ-1] knows where an address leads, however it is spelled', () => {
    const rows: readonly (readonly [string, string])[] = [
      ['8.8.8.8', 'public'],
      ['172.15.255.255', 'public'],
      ['172.32.0.1', 'public'],
      ['100.128.0.1', 'public'],
      ['127.0.0.1', 'loopback'],
      ['127.255.255.254', 'loopback'],
      ['10.1.2.3', 'private'],
      ['172.16.0.1', 'private'],
      ['172.31.255.255', 'private'],
      ['192.168.255.1', 'private'],
      ['100.64.0.1', 'private'],
      ['169.254.169.254', 'link-local'],
      ['0.0.0.0', 'special'],
      ['192.0.0.192', 'special'],
      ['198.18.0.1', 'special'],
      ['224.0.0.1', 'special'],
      ['255.255.255.255', 'special'],
      ['2606:4700:4700::1111', 'public'],
      ['2a00:1450::1', 'public'],
      ['::1', 'loopback'],
      ['::', 'special'],
      ['::7f00:1', 'special'],
      ['::ffff:127.0.0.1', 'loopback'],
      ['::ffff:7f00:1', 'loopback'],
      ['::ffff:169.254.169.254', 'link-local'],
      ['::ffff:8.8.8.8', 'public'],
      ['64:ff9b::a00:1', 'private'],
      ['64:ff9b::808:808', 'public'],
      ['2002:7f00:1::', 'loopback'],
      ['2002:c0a8:101::1', 'private'],
      ['fc00::1', 'private'],
      ['fd00:ec2::254', 'private'],
      ['fe80::1%eth0', 'link-local'],
      ['febf::1', 'link-local'],
      ['fec0::1', 'private'],
      ['ff02::1', 'special'],
      ['2001:db8::1', 'special'],
      ['2001::1', 'special'],
      ['4000::1', 'special'],
    ];
    for (const [address, kind] of rows) assert.equal(addressKind(address), kind, address);
    assert.throws(() => addressKind('example.com'), RangeError);
  });

  it('[FAQ-1] matches a host, a port and the names below a host, and nothing that only looks like them', () => {
    const patterns = [
      'api.telegram.org',
      '*.slack.com',
      'chat.example.com:8443',
      '127.0.0.1:81',
      '[::1]:80',
    ].map(parseHostPattern);
    const reached = (address: string) => findPattern(patterns, destinationOf(address))?.text;
    assert.equal(reached('https://api.telegram.org/bot'), 'api.telegram.org');
    assert.equal(reached('https://API.Telegram.ORG./'), 'api.telegram.org');
    assert.equal(reached('wss://a.b.slack.com/link'), '*.slack.com');
    assert.equal(reached('https://chat.example.com:8443/'), 'chat.example.com:8443');
    assert.equal(reached('http://127.0.0.1:81/'), '127.0.0.1:81');
    assert.equal(reached('http://0x7f000001:81/'), '127.0.0.1:81');
    assert.equal(reached('http://[0:0::1]/'), '[::1]:80');
    for (const other of [
      'https://slack.com/',
      'https://evilslack.com/',
      'https://slack.com.evil.com/',
      'https://api.telegram.org.evil.com/',
      'https://api.telegram.org:8443/',
      'https://chat.example.com/',
      'https://127.0.0.1/',
    ]) {
      assert.equal(reached(other), undefined, other);
    }
    for (const text of [
      '',
      '*',
      '*.com',
      '*.127.0.0.1',
      'a b',
      'a/b',
      'user@host',
      'https://a.b',
      'a.*.b',
      'a:b',
    ]) {
      assert.throws(() => parseHostPattern(text), RangeError, text);
    }
    for (const address of [
      'https://api.telegram.org@evil.com/',
      'ftp://a.b/',
      'file:///etc/passwd',
      'nonsense',
      'data:,x',
    ]) {
      assert.throws(() => destinationOf(address), /refused/, address);
    }
  });
});
