import type { SandboxId } from '../../../src/engine/sandbox/backend';

/** The promise that an attempt tries to break; a row of the table in `docs/sandboxes.md`. */
export type Promised =
  | 'write outside'
  | 'protected files'
  | 'read secrets'
  | 'network'
  | 'processes'
  | 'environment';

/**
 * One attempt to get out. `line` runs in bash; `$OUT` is a folder outside that holds `secret`, `$STORE` the
 * engine's storage, `$PORT` a listening port of this machine, `$SOCK` a unix socket outside, `$HOSTPID` the
 * test's own process. It has got out when its output has a line `ESCAPED`, or when what it should not have
 * changed has changed: that is looked at for every attempt.
 */
export interface Attempt {
  readonly name: string;
  readonly promise: Promised;
  readonly line: string;
  /** Backends that promise nothing about it; `process` promises only its own part. */
  readonly not?: readonly SandboxId[];
}

/** On a line of its own, whatever was printed before. */
const E = "&& printf '\\nESCAPED\\n'";
const WALLS: readonly SandboxId[] = ['process'];
const walls = (promise: Promised, attempts: Readonly<Record<string, string>>): Attempt[] =>
  Object.entries(attempts).map(([name, line]) => ({ name, promise, line, not: WALLS }));
const all = (promise: Promised, attempts: Readonly<Record<string, string>>): Attempt[] =>
  Object.entries(attempts).map(([name, line]) => ({ name, promise, line }));

export const ATTEMPTS: readonly Attempt[] = [
  ...walls('write outside', {
    'a file beside the workspace': 'echo x > ../outside/new',
    'a file by its absolute path': 'echo x > "$OUT/new"',
    'overwrite a file': 'echo x > "$OUT/secret"',
    'append to a file': 'echo x >> "$OUT/secret"',
    'delete a file': 'rm -f "$OUT/secret"',
    'rename a file away': 'mv "$OUT/secret" .',
    'through a symbolic link to a folder': 'ln -s "$OUT" door; echo x > door/new',
    'through a symbolic link to a file': 'ln -s "$OUT/secret" door; echo x > door',
    'through a link in the middle': 'mkdir a; ln -s ../../outside a/b; echo x > a/b/new',
    'through a hard link': 'ln "$OUT/secret" hard && echo x > hard',
    'through a hard link from a link':
      'ln -L "$OUT/secret" hard && echo x > hard; ln -P "$OUT/secret" h2 && echo x > h2',
    'rename race':
      'mkdir d; ln -s "$OUT" l; for i in $(seq 200); do mv -T d t; mv -T l d; echo x > d/new; mv -T d l; mv -T t d; done',
    'through /proc/self/root': 'echo x > "/proc/self/root$OUT/new"',
    'through /proc/self/cwd': 'echo x > /proc/self/cwd/../outside/new',
    'through /proc/1/root': 'echo x > "/proc/1/root$OUT/new"',
    'through an open folder': 'exec 9< "$OUT"; echo x > /proc/self/fd/9/new',
    'through descriptors it was given':
      'for f in /proc/self/fd/*; do echo x > "$f/../outside/new"; echo x > "$f/new"; done',
    'by mounting': 'mkdir m; mount --bind "$OUT" m && echo x > m/new',
    'by mounting in a namespace of its own':
      'unshare -Urm sh -c \'mkdir -p m; mount --bind "$OUT" m && echo x > m/new\'',
    'by making the system writable': 'mount -o remount,rw / && echo x > "$OUT/new"',
    'by remounting one folder': 'mount -o remount,bind,rw "$OUT" && echo x > "$OUT/new"',
    'by a device of the disk': 'mknod disk b 254 0 && dd if=disk of=/dev/null count=1 && echo ESCAPED',
    'by changing root': 'chroot / sh -c "echo x > \\"$OUT/new\\""',
    'a folder': 'mkdir "$OUT/new"',
    'a mode': 'chmod 777 "$OUT/secret"',
    'a time': 'touch "$OUT/secret"',
    'with truncate': 'truncate -s 0 "$OUT/secret"',
    'with tar': 'touch a; tar cf x.tar a; tar xf x.tar -C "$OUT"',
    'with git': 'git init -q "$OUT/repo"',
    'with python': "python3 -c \"import os; open(os.environ['OUT']+'/new','w')\"",
    'into the system': ': > /usr/bin/cowork-escape && echo ESCAPED; : > /etc/cowork-escape && echo ESCAPED',
    'the workspace folder itself': 'cd ..; mv workspace moved; mkdir workspace',
    'a kernel setting': 'cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern && echo ESCAPED',
    'by sysrq': 'echo h > /proc/sysrq-trigger && echo ESCAPED',
    'by a cgroup':
      'mkdir /sys/fs/cgroup/cowork-escape /sys/fs/cgroup/*/cowork-escape 2>/dev/null && echo ESCAPED',
  }),
  ...walls('protected files', {
    'an existing hook': 'echo x > .git/hooks/pre-commit',
    'an existing hook, made executable': 'chmod +x .git/hooks/pre-commit',
    'a new hook': 'echo x > .git/hooks/post-checkout',
    'the hooks folder, replaced': 'rm -rf .git/hooks; mkdir .git/hooks; echo x > .git/hooks/pre-commit',
    'the hooks folder, renamed': 'mv .git/hooks .git/h; mkdir .git/hooks; echo x > .git/hooks/pre-commit',
    'the repository, swapped':
      'mv .git g; cp -r g .git; echo x > .git/hooks/pre-commit; echo "[core]fsmonitor=x" > .git/config',
    'git configuration': 'git config core.fsmonitor x; echo "[core]fsmonitor=x" >> .git/config',
    'git configuration through a link': 'ln -s .git/config c; echo "[core]fsmonitor=x" >> c',
    'git configuration through a hard link': 'ln .git/config c; echo "[core]fsmonitor=x" >> c',
    'git configuration of a work tree': 'echo "[core]fsmonitor=x" > .git/config.worktree',
    'a hook of a nested repository': 'echo x > nested/.git/hooks/pre-commit',
    'a nested repository, moved and made anew':
      'mv nested n2; mkdir -p nested/.git/hooks; echo x > nested/.git/hooks/pre-commit',
    'a hook of a repository it makes itself': 'git init -q fresh; echo x > fresh/.git/hooks/pre-commit',
    'configuration of a repository it makes itself':
      'git init -q fresh; git -C fresh config core.fsmonitor x',
    'a repository by a .git file': 'mkdir fake; git init -q --bare evil; echo "gitdir: ../evil" > fake/.git',
    'editor settings that exist': 'echo x > .vscode/settings.json',
    'editor settings that do not exist': 'mkdir -p deep/er/.vscode; echo x > deep/er/.vscode/tasks.json',
    'editor settings beside existing ones': 'echo x > .vscode/tasks.json',
    'editor settings, renamed': 'mv .vscode v; mkdir .vscode; echo x > .vscode/tasks.json',
    'the policy of this product': 'mkdir -p .cowork; echo x > .cowork/policy.jsonc; sleep 0.2',
    'an environment file that exists': 'echo x > .env',
    'an environment file that does not exist': 'echo x > sub.env; mkdir e; echo x > e/.env.local',
    'tool servers': 'echo x > .mcp.json; sleep 0.2',
    'a shell start-up file': 'mkdir s; echo x > s/.bashrc',
    'a workflow of the build server': 'mkdir -p .github/workflows; echo x > .github/workflows/ci.yml',
    'a protected name by another spelling': 'mkdir c; mkdir c/.VSCODE; echo x > c/.VSCODE/settings.json',
    'a protected folder as a link': 'mkdir real k; echo x > real/tasks.json; ln -s ../real k/.vscode',
    'after the command': '(sleep 1; echo x > .mcp.json) & disown',
  }),
  ...walls('read secrets', {
    'the engine’s storage': `grep -r STORED "$STORE" ${E}`,
    'the engine’s storage through /proc': `grep -r STORED "/proc/1/root$STORE" ${E}`,
    'keys of the home': `cat "$FAKEHOME/.ssh/id_test" ${E}`,
    'credentials of a cloud': `cat "$FAKEHOME/.aws/credentials" ${E}`,
    'a file nobody listed': `cat "$FAKEHOME/notes.txt" ${E}`,
    'the home through a link': `ln -s "$FAKEHOME" h; cat h/.ssh/id_test ${E}`,
    'passwords of the system': `test -s /etc/shadow && cat /etc/shadow ${E}`,
    'temporary files of others': `ls /tmp | grep -q . && cat /tmp/cowork-escape-secret ${E}`,
    'sockets of the session': `ls /run/user/*/bus /run/docker.sock /run/dbus/system_bus_socket 2>/dev/null ${E}`,
  }),
  ...walls('network', {
    'a local service': `(exec 3<>/dev/tcp/127.0.0.1/$PORT) ${E}`,
    'a local service by IPv6': `(exec 3<>/dev/tcp/::1/$PORT) ${E}`,
    'a local service with python': `python3 -c "import socket,os; socket.create_connection(('127.0.0.1',int(os.environ['PORT'])),2)" ${E}`,
    'an address of the network': `timeout 2 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' ${E}`,
    'the metadata service of a cloud': `timeout 2 bash -c 'exec 3<>/dev/tcp/169.254.169.254/80' ${E}`,
    'a name': `timeout 2 getent hosts example.com ${E}`,
    'a datagram': `python3 -c "import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.connect(('192.0.2.1',53)); s.send(b'x')" ${E}`,
    'another interface': `tail -n +3 /proc/net/dev | grep -v "^ *lo:" | grep -q . ${E}`,
    'a local socket': `python3 -c "import socket,os; socket.socket(socket.AF_UNIX).connect(os.environ['SOCK'])" ${E}`,
    'a raw socket': `python3 -c "import socket; socket.socket(socket.AF_PACKET,socket.SOCK_RAW)" ${E}`,
    'the namespace of another process': `nsenter -t "$HOSTPID" -n true ${E}`,
  }),
  ...walls('processes', {
    'see the editor': `test -e /proc/$HOSTPID/cmdline && grep -q mocha /proc/$HOSTPID/cmdline ${E}`,
    'signal the editor': `kill -0 $HOSTPID && grep -qs mocha /proc/$HOSTPID/cmdline ${E}`,
    'trace the editor': `python3 -c "import ctypes,os,sys; sys.exit(0 if ctypes.CDLL(None).ptrace(16,int(os.environ['HOSTPID']),0,0)==0 else 1)" ${E}`,
    'environment of the editor': `tr '\\0' '\\n' < /proc/$HOSTPID/environ | grep -q CANARY ${E}`,
    'memory of the editor': `head -c1 /proc/$HOSTPID/mem >/dev/null; test -r /proc/$HOSTPID/maps && grep -q node /proc/$HOSTPID/maps ${E}`,
    'join its namespaces': `nsenter -t $HOSTPID -m -p true ${E}`,
    'more rights by a set-id program': `find /usr/bin -perm -4000 -name su -exec {} -c true \\; 2>/dev/null; grep -q "NoNewPrivs:.*0" /proc/self/status ${E}`,
    'rights of the kernel': `grep -q "CapEff:.*[1-9a-f]" /proc/self/status ${E}`,
    'keys of the user’s keyring': `keyctl show 2>/dev/null | grep -q . ${E}; python3 -c "import ctypes,sys; sys.exit(0 if ctypes.CDLL(None).syscall(250,0,-4,0)>0 else 1)" ${E}`,
  }),
  {
    name: 'a user namespace of its own',
    promise: 'processes',
    line: `unshare -U true ${E}`,
    // Whether a container may is the engine's choice; what it gains there, it has not outside.
    not: ['process', 'container'],
  },
  ...all('environment', {
    'the editor’s variables': `env | grep -q CANARY ${E}`,
    'a preloaded library': `env | grep -Eq '^(LD_|DYLD_|NODE_OPTIONS|BASH_ENV)' ${E}`,
    'open descriptors': `[ "$(ls /proc/self/fd | sort -n | tail -1)" -gt 3 ] ${E}`,
    'a terminal': `(: < /dev/tty) 2>/dev/null ${E}`,
    'keystrokes for a terminal': `python3 -c "import fcntl,termios; fcntl.ioctl(0,termios.TIOCSTI,b'x')" ${E}`,
    'an agent’s socket': `test -n "$SSH_AUTH_SOCK$DBUS_SESSION_BUS_ADDRESS$GPG_AGENT_INFO" ${E}`,
  }),
];
