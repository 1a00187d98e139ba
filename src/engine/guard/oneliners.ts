import { LIMITS } from './limits';

/** What can be seen in a piece of code of another language without running it. */
export interface CodeScan {
  /** Shell lines that it runs. */
  readonly shell: readonly string[];
  readonly deletes: readonly string[];
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  /** It contacts hosts. */
  readonly network: boolean;
  /** Ids of rules that the code as a whole breaks. */
  readonly reported: readonly string[];
}

/** A quoted text: `'…'`, `"…"`, `` `…` ``, `q(…)`; escapes are kept. One alternative a character: linear. */
const STRING = String.raw`(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\x60((?:[^\x60\\]|\\.)*)\x60)`;

function calls(code: string, names: string): string[] {
  const found: string[] = [];
  const pattern = new RegExp(
    String.raw`(?:${names})(?:\s{1,8}\(?|\(|(?<=[:,]))\s{0,8}(?:[brfu]{1,2}(?=["']))?${STRING}`,
    'g',
  );
  for (const match of code.matchAll(pattern)) {
    const text = match[1] ?? match[2] ?? match[3];
    if (text !== undefined) found.push(unquoteEscapes(text));
    if (found.length > 16) break;
  }
  return found;
}

function unquoteEscapes(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex?: string, c?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return c === 'n' ? '\n' : c === 't' ? '\t' : c === 'r' ? '\r' : (c ?? '');
  });
}

/** `['rm', '-rf', '/']` after a call, as one shell line. */
function listCalls(code: string, names: string): string[] {
  const found: string[] = [];
  const pattern = new RegExp(
    String.raw`(?:${names})\s{0,8}\(\s{0,8}(?:${STRING}\s{0,8},\s{0,8})?\[([^\]]{0,400})\]`,
    'g',
  );
  for (const match of code.matchAll(pattern)) {
    const first = match[1] ?? match[2] ?? match[3];
    const items = [...(match[4] ?? '').matchAll(new RegExp(STRING, 'g'))].map((item) =>
      unquoteEscapes(item[1] ?? item[2] ?? item[3] ?? ''),
    );
    found.push([...(first === undefined ? [] : [first]), ...items].map(quote).join(' '));
  }
  return found;
}

/** `system("rm", "-rf", "/")` as one shell line. */
function argumentCalls(code: string, names: string): string[] {
  const found: string[] = [];
  const pattern = new RegExp(
    String.raw`(?:${names})\s{0,8}\({0,2}\s{0,8}(${STRING}(?:\s{0,8},\s{0,8}${STRING}){1,12})`,
    'g',
  );
  for (const match of code.matchAll(pattern)) {
    const items = [...(match[1] ?? '').matchAll(new RegExp(STRING, 'g'))];
    found.push(items.map((item) => quote(unquoteEscapes(item[1] ?? item[2] ?? item[3] ?? ''))).join(' '));
  }
  return found;
}

function quote(text: string): string {
  return /^[\w@%+=:,./~*-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const RUNS = [
  'os\\.system',
  'os\\.popen',
  'os\\.exec[lv]p?e?',
  'os\\.spawn[lv]p?e?',
  'subprocess\\.\\w{2,12}',
  'Popen',
  'pty\\.spawn',
  'commands\\.getoutput',
  'execSync',
  'exec',
  'execFile',
  'execFileSync',
  'spawn',
  'spawnSync',
  'system',
  'shell_exec',
  'passthru',
  'proc_open',
  'popen',
  'qx',
  '%x',
  'Kernel\\.system',
  'IO\\.popen',
  'Open3\\.\\w{2,12}',
  'sh\\.exec',
  'os\\.execute',
  'io\\.popen',
  'shell',
  'do shell script',
  '(?:async-)?shell-command(?:-to-string)?',
  'call-process(?:-shell-command)?',
  '(?:call|run|check_call|check_output|getoutput)',
  'Runtime\\.getRuntime\\(\\)\\.exec',
  'Deno\\.run',
  'Bun\\.spawn',
  '\\$',
].join('|');

const DELETES = [
  'shutil\\.rmtree',
  'rmtree',
  'os\\.remove',
  'os\\.unlink',
  'os\\.rmdir',
  'os\\.removedirs',
  'rmSync',
  'rm',
  'rmdirSync',
  'rmdir',
  'unlinkSync',
  'unlink',
  'fs\\.rm',
  'rimraf(?:\\.sync)?',
  'removeSync',
  'emptyDirSync',
  'FileUtils\\.\\w{0,2}rm\\w{0,6}',
  'rm_rf',
  'rm_r',
  'remove_dir',
  'File\\.delete',
  'File\\.unlink',
  'Dir\\.rmdir',
  'remove_tree',
  'os\\.RemoveAll',
  'Path',
  'pathlib\\.Path',
  'remove_entry',
  'remove_entry_secure',
  'rmdir_recursive',
  'remove',
  'Deno\\.remove(?:Sync)?',
  'trash',
  'glob(?:\\.glob)?',
  'os\\.walk',
  // Perl's File::Find: what is called for each file, then where it starts.
  'find(?:depth)?\\s{0,4}\\(\\s{0,4}(?:sub\\s{0,4})?\\{[^}]{0,200}\\}\\s{0,4},',
  'Dir(?:\\.glob)?',
  'os\\.scandir',
  'os\\.listdir',
  'removeItem\\(at(?:Path)?:',
  'new\\s{1,4}File',
  'delete-(?:directory|file)',
].join('|');

const FILES =
  'open|File\\.open|File\\.write|IO\\.write|writeFileSync|writeFile|appendFileSync|createWriteStream|file_put_contents|fopen|sysopen|truncate|os\\.truncate|File\\.new|write_text|os\\.open|io\\.open';
const READS =
  'open|File\\.read|IO\\.read|readFileSync|readFile|file_get_contents|File\\.readlines|slurp|createReadStream|read_text|expanduser';

const DELETING =
  /\b(?:rmtree|remove|removedirs|unlink|rmdir|rm|rmSync|unlinkSync|rmdirSync|rm_rf|rm_r|delete|rimraf|remove_tree|removeSync|RemoveAll|remove_entry|delete_all|rm_f|emptyDirSync|removeItem|deleteDir|delete-directory|delete-file)\b/;
const SOCKET =
  /require\(\s?['"](?:node:)?net['"]\s?\)|\b(?:socket|Socket|TCPSocket|fsockopen|net\.connect|net['"]\)\.\w{2,20}|createConnection|net\.Socket|IO::Socket|TCPSocket\.new|TcpClient|Net\.Sockets)\b/;
const SHELLED =
  /\b(?:dup2|pty\.spawn|exec|spawn|popen|subprocess|system|proc_open|\/bin\/(?:ba|z|da)?sh|cmd\.exe|shell_exec|execve|fdopen|reopen)\b|`#\{|\/bin\/(?:ba|z|da)?sh/;
const FETCHES =
  /\b(?:urlopen|urllib|requests\.(?:get|post)|http\.client|httpx|https?['"]?\)?\.get\b|fetch\(|axios|LWP::|Net::HTTP|open-uri|URI\.open|file_get_contents\s*\(\s*['"]https?:|curl_exec|WebClient|DownloadString|HTTP::Tiny|wget|aiohttp|urlretrieve)/;
const EVALUATES =
  /(?:(?<!\b(?:json|tomllib|toml|np|csv)\.)\b(?:exec|eval|execfile|compile|new Function|Function|vm\.run\w*|instance_eval|class_eval|loadstring|load|assert|create_function|runInThisContext|marshal\.loads|pickle\.loads)\s*[({]|\beval\b)/;
const DECODES =
  /\b(?:b64decode|base64|fromhex|unhexlify|decode64|atob|decode_base64|base64_decode|unpack|Buffer\.from|rot13|str_rot13|bytes\.fromhex|pack\s*\(?\s*['"]H|zlib\.decompress|gzinflate|codecs\.decode|fromCharCode|chr\s*\()/;
/** Runs something that is not written out in the code. */
const RUNS_VALUE =
  /\b(?:os\.system|os\.popen|subprocess\.\w{2,12}|execSync|exec|spawn\w{0,4}|system|shell_exec|passthru|popen)\s{0,4}\(\s{0,4}[^'"\s[)]/;
const FORKS =
  /\bfork\b[^;]{0,40}\b(?:while|until|loop|fork)\b|\bfork\(\)\s+for\s+\w+\s+in\s+(?:iter|itertools|range\(\d{4,})|\b(?:while|until|loop|for)\b[^;]{0,60}\bfork\b|\bwhile\s+true\s*;[^;]{0,60}\bfork\b|for\s*\(\s*;\s*;\s*\)[^\n]{0,80}(?:fork|spawn|exec)\s*\(|while\s*\(?1\)?\s*\{?\s*system\s*\(\s*"[^"]{1,80}&\s*"|while\s*\(?\s*(?:1|True|true|:)\s*\)?[^\n]{0,80}(?:fork|Popen|spawn)\s*\(|(?:spawn|exec|fork)\w*\([^)]{0,80}(?:process\.argv\[0\]|__filename)|(?:system|spawn|exec)\s*\(?\s*\$0/;

/** Reads code of an interpreter as far as texts and names of calls tell. Never believed in the other direction. */
export function scanCode(source: string): CodeScan {
  const plain = joined(source.slice(0, LIMITS.text));
  // `exec("…")`: code in a text is read like the code around it.
  const inner = calls(plain, '(?:exec|eval|Function|runInThisContext|loadstring|load)');
  const code = inner.length === 0 ? plain : joined([plain, ...inner].join('\n'));
  const reported: string[] = [];
  const network = FETCHES.test(code) || SOCKET.test(code);
  if (FORKS.test(code)) reported.push('process.fork-bomb');
  if (SOCKET.test(code) && SHELLED.test(code)) reported.push('network.reverse-shell');
  if (FETCHES.test(code) && EVALUATES.test(code)) reported.push('run.download');
  if (FETCHES.test(code) && RUNS_VALUE.test(code)) reported.push('run.download');
  if (DECODES.test(code) && (EVALUATES.test(code) || RUNS_VALUE.test(code))) reported.push('run.decoded');
  if (
    /\bset(?:e|re|res)?uid\s*\(?\s*(?:0|\$?[<>])|\bsetuid\s*\(\s*0|\$[<>]\s*=\s*0|POSIX::setuid|Process::Sys\.setuid|os\.seteuid\s*\(\s*0|process\.setuid\s*\(\s*0/.test(
      code,
    )
  )
    reported.push('privilege.setuid');
  if (
    /\bkill(?:pg)?\s*\(\s*-?1\s*[,)]|\bProcess\.kill\s*\(?[^,)]{1,20},\s*-?1\b|\bkill\s+[\w'"]{1,12}\s*,\s*-?1\b/.test(
      code,
    )
  )
    reported.push('process.kill-all');
  if (/CDLL\([^)]{0,40}\)\.(?:reboot|syscall)\s*\(/.test(code)) reported.push('system.power');
  if (EVALUATES.test(code) && /[`'"({]\s{0,4}(?:curl|wget)\s+[^`'"]/.test(code))
    reported.push('run.download');
  const shell = [...listCalls(code, RUNS), ...argumentCalls(code, RUNS), ...calls(code, RUNS)];
  // Groovy and Scala: `"line".execute()`, `"line".!`.
  for (const match of code.matchAll(/"((?:[^"\\]|\\.){2,400})"\s{0,4}\.(?:execute\(|!)/g))
    if (match[1] !== undefined) shell.push(match[1]);
  // Perl, Ruby and PHP run what stands between backquotes.
  for (const match of code.matchAll(/`((?:[^`\\]|\\.){2,400})`/g))
    if (match[1] !== undefined) shell.push(match[1]);
  for (const match of code.matchAll(
    /(?:\bqx|%x)\s?(?:\{([^}]{2,400})\}|\(([^)]{2,400})\)|\[([^\]]{2,400})\]|([/|!])(.{2,400}?)\4)/g,
  )) {
    const line = match[1] ?? match[2] ?? match[3] ?? match[5];
    if (line !== undefined) shell.push(line);
  }
  const command =
    /Deno\.Command\(\s{0,4}['"]([^'"]{1,80})['"]\s{0,4},\s{0,4}\{\s{0,4}args\s{0,4}:\s{0,4}\[([^\]]{0,400})\]/.exec(
      code,
    );
  if (command?.[1] !== undefined) shell.push(`${command[1]} ${(command[2] ?? '').replace(/['",]/g, ' ')}`);
  const deletes = DELETING.test(code) ? withHome(calls(code, DELETES), code) : [];
  // Perl: `unlink </etc/*>`.
  for (const match of code.matchAll(/\bunlink\s{0,4}\(?\s{0,4}<([^>]{1,200})>/g))
    deletes.push(match[1] ?? '');
  const writing = calls(code, FILES);
  const writes =
    /['"][rb]?[wa]x?[b+]{0,2}['"]|write|truncate|append|>{1,2}|O_WRONLY|O_RDWR|put_contents/.test(code)
      ? [...writing]
      : [];
  for (const match of code.matchAll(
    /open\s{0,4}\(\s{0,4}[\w$ ]{1,24},\s{0,4}["']\+?>{1,2}\s{0,4}([^"',]{1,200})/g,
  )) {
    if (match[1] !== undefined) writes.push(match[1]);
  }
  const reads = withHome(calls(code, READS), code);
  return { shell: [...new Set(shell)].slice(0, 16), deletes, writes, reads, network, reported };
}

/** What a one-liner prints when it prints texts that stand in it, else undefined. */
export function printedLiterals(code: string): string | undefined {
  const found = calls(
    code,
    '(?:print|printf|puts|echo|console\\.log|sys\\.stdout\\.write|process\\.stdout\\.write|say)',
  );
  return found.length === 0 ? undefined : `${found.join('\n')}\n`;
}

/** `'a' + 'b'` and `'a' . 'b'` and `'a' 'b'` as one text, as the interpreter would see it. */
function joined(code: string): string {
  return (
    withoutAliases(code)
      // Perl's word lists.
      .replace(
        /\bqw\s?[([{]([^)\]}]{0,400})[)\]}]/g,
        (_, words: string) =>
          `(${words
            .trim()
            .split(/\s+/)
            .map((word) => `'${word}'`)
            .join(',')})`,
      )
      // Perl's and Ruby's other quotation marks.
      .replace(
        /(?:\bqq?|%[qQ])\s?\(([^()]{0,400})\)/g,
        (_, text: string) => `'${text.replaceAll("'", "\\'")}'`,
      )
      .replace(/'\s{0,4}[+.]\s{0,4}'/g, '')
      .replace(/"\s{0,4}[+.]\s{0,4}"/g, '')
  );
}

const RENAMED =
  /\b(execSync|execFileSync|execFile|exec|spawnSync|spawn|rmSync|rmdirSync|unlinkSync|system|popen|rmtree|unlink|remove)\s{0,4}(?::|\bas\b)\s{0,4}([A-Za-z_]\w{0,20})\s{0,4}(?=[,};\n]|$)/g;
const ASSIGNED =
  /(?<![\w.])([A-Za-z_]\w{0,20})\s{0,4}=\s{0,4}[\w.'"():]{0,60}\.(execSync|execFileSync|execFile|exec|spawnSync|spawn|rmSync|rmdirSync|unlinkSync|system|popen|rmtree|unlink|remove)\s{0,4}(?=[,;\n])/g;

/** `{execSync: e}`, `from os import system as s`, `r = fs.rmSync;`: calls by the names they had before. */
function withoutAliases(code: string): string {
  let result = code;
  const names = [
    ...[...code.matchAll(RENAMED)].map(([, real = '', alias = '']) => [alias, real] as const),
    ...[...code.matchAll(ASSIGNED)].map(([, alias = '', real = '']) => [alias, real] as const),
  ];
  for (const [alias, real] of names.slice(0, 8))
    result = result.replace(new RegExp(`(?<![\\w.])${alias}(?=\\s{0,4}\\()`, 'g'), real);
  return result;
}

function withHome(paths: readonly string[], code: string): string[] {
  const result = [...paths];
  if (
    /expanduser\(|Path\.home\(\)|\bhomedir\(\)|\buserInfo\(\)\.homedir|ENV\[['"]HOME|\$ENV\{['"]?HOME|environ\[['"]HOME|env\.HOME|env\.get\(['"]HOME|getenv\(['"]HOME|Dir\.home|os\.environ\.get\(['"]HOME/.test(
      code,
    )
  ) {
    if (!paths.some((path) => path.startsWith('~') && path.length > 2)) result.push('~');
  }
  return result;
}
