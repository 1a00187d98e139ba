import assert from 'node:assert/strict';
import { coverage, DEFAULT_TRUSTED } from '../../../src/engine/guard';
import { plainAwk, plainSed } from '../../../src/engine/guard/special/beyond';
import type { Shell } from '../../../src/engine/model/analysis';
import { placeOf, theGuard } from './support';

/** Lines that a pattern may answer for, and beside each one that looks alike and that none may. */
const PAIRS: readonly (readonly [Shell, string, string])[] = [
  ['bash', 'ls; pwd', 'ls() { pwd; }; ls'],
  ['bash', 'f=a.txt; cat "$f"', 'f=a.txt; false && f=b.txt; cat "$f"'],
  ['bash', 'f=a.txt; cat "$f" &', 'f=a.txt; f=b.txt & cat "$f"'],
  ['bash', 'for f in a b; do cat "$f"; done', 'o=-r; for f in a b; do sort $o "$f"; o=--output=x; done'],
  ['bash', 'for f in a b; do wc -l "$f"; done', 'while true; do wc -l f; done'],
  ['bash', 'ls *.[ch]', 'ls [$(id)]'],
  ['bash', 'echo "$(pwd)"', 'echo "$(cat x)"'],
  ['bash', 'echo "$HOME"', `echo "\${x:=1}"`],
  ['bash', 'ls {src,test}', 'sort {-o,-r} x'],
  ['bash', "grep $'\\t' x", "sort -$'\\x6f' x y"],
  ['bash', 'NODE_ENV=test npm test', 'npm_config_script_shell=x npm test'],
  ['bash', 'LC_ALL=C sort x', 'BASH_CMDS[ls]=/bin/rm; ls'],
  ['bash', 'if test -f x; then cat x; fi', 'case x in x) cat x;; esac'],
  ['bash', 'test -f x && cat x', "test -v 'a[0]'"],
  ['bash', 'timeout 10 ls', 'timeout -k 5 10 ls'],
  ['bash', 'nice ls', 'setsid -f ls'],
  ['bash', "sh -c 'git status'", "sh -c '((ls))'"],
  ['bash', "sh -c 'git status'", "bash --rcfile x -ic 'git status'"],
  ['bash', 'cat < x', 'cat <> x'],
  ['bash', 'cat <<E\n$HOME\nE', `cat <<E\n\${a[$(id)]}\nE`],
  ['bash', '/usr/bin/git status', '/usr/bin/../../x/git status'],
  ['bash', 'cat -n notes.txt', 'cat -n ~/.ssh/id_rsa'],
  ['bash', 'git diff HEAD~1', 'git diff /dev/null ~/.ssh/id_rsa'],
  ['bash', 'git branch --list x', 'git branch -v x'],
  ['bash', 'date -I', 'date -I 010100002026'],
  ['bash', 'ls > /dev/null', 'ls > /dev/fd/../x'],
  ['bash', 'fd -e ts', 'fd -Hx touch'],
  ['bash', 'find . -name "*.ts"', 'find . -d*'],
  ['powershell', 'Get-ChildItem src', 'Get-ChildItem @(Remove-Item x)'],
  ['powershell', 'Get-Content a.txt | Select-Object -First 5', "$function:git = 'x'; git status"],
  ['bash', "awk '/x/ {print $1}' f", `awk '/"/ {print "a;b" > "x"; n = /"/}' f`],
  ['bash', "awk '/a|b/' f", `awk '{print /"/ "a;b" > "x"; n = /"/}' f`],
  ['bash', "awk '/[ab]/' f", `awk '/[/"]/ {print "a;b" > "x"; n = /"/}' f`],
  ['bash', "awk '{print $1}' f", `awk '# "\n{print "a;b" > "x"} # "' f`],
  ['powershell', `Write-Output "it's" 'a "b"'`, `Write-Output "it's" ('calc'|iex) "it's"`],
  ['powershell', `Write-Output "it's"`, `Write-Output "it's" @(Remove-Item x) "it's"`],
  ['powershell', `Write-Output 'a "b"'`, `Write-Output "it's" hi>x "it's"`],
  ['powershell', 'Get-Process', 'Get-Process -ComputerName h'],
  ['cmd', 'dir', 'for %i in (1) do @dir'],
  ['cmd', 'git status', 'C:\\Windows\\System32\\spool\\git.exe status'],
];

describe('lines that a pattern may answer for', () => {
  const trusted = [...DEFAULT_TRUSTED, 'cat *', 'sort *', 'npm *', 'ls *', 'git *'];

  for (const [shell, plain, odd] of PAIRS) {
    it(`[FAQ-8] are plain: ${JSON.stringify(plain)}, not ${JSON.stringify(odd)} (${shell})`, async () => {
      const guard = await theGuard();
      const of = (line: string) => coverage(trusted, guard.analyse({ line, shell, ...placeOf(shell) }));
      assert.equal(of(plain).covered, true, of(plain).why);
      assert.equal(of(odd).covered, false, odd);
    });
  }

  it('of awk: what prints, counts and compares', () => {
    for (const program of [
      '{print $1}',
      '$3 > 10 {n++} END {print n}',
      '/a|b/ {print "x > y"}',
      'NR==1 || NF>=2',
    ])
      assert.ok(plainAwk(program), program);
    for (const program of [
      '{print > "x"}',
      '{print $1 > 5}',
      'BEGIN{c="sh"; print "id" | c}',
      'BEGIN{system ("id")}',
      'BEGIN{"id" | getline}',
      '{print ENVIRON["X"]}',
      '@include "x"',
    ])
      assert.ok(!plainAwk(program), program);
  });

  it('of sed: what prints, deletes and replaces', () => {
    for (const script of [
      's/a/b/g',
      '1,5p',
      '$d',
      '/a/,/b/d; s|x|y|',
      '/x/!d',
      '5q',
      'y/abc/xyz/',
      's,a,b,;s:c:d:I',
    ])
      assert.ok(plainSed(script), script);
    for (const script of [
      'w x',
      's/a/b/w x',
      's,a,id,e',
      'e id',
      '1eid',
      's/[/]/b/w/x',
      '/a/w/x',
      'r x',
      '{s/a/b/e}',
    ])
      assert.ok(!plainSed(script), script);
  });
});
