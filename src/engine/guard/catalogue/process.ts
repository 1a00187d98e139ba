import type { Rule } from './types';

/** Starting processes without end, and ending those of others. */
export const PROCESSES: readonly Rule[] = [
  {
    id: 'process.fork-bomb',
    severity: 'block',
    title: 'Starts processes until the machine stops',
    explanation: 'It starts copies of itself without end; the machine no longer answers.',
    when: [
      { program: ['stress', 'stress-ng'], text: /--(fork|cpu|vm)\s+([0-9]{3,}|0)\b/ },
      { text: /^%0\s*$/, program: ['%0'] },
    ],
    match: [
      ':(){ :|:& };:',
      'b(){ b|b& };b',
      'f() { f & f & }; f',
      "perl -e 'fork while fork'",
      'python3 -c "import os\nwhile True: os.fork()"',
      ['cmd', '%0|%0'],
    ],
    noMatch: ['f(){ echo hi; }; f', 'sleep 1 & wait', 'fact() { echo $1; fact; }'],
  },
  {
    id: 'process.kill-all',
    severity: 'block',
    title: 'Ends every process, or the first one',
    explanation: 'It ends everything that runs, or the process on which all others depend.',
    when: [
      {
        program: ['kill'],
        text: /(^|\s)-1\s*$|(^|\s)--\s+-1\b|^(-\S+\s+)+1\s*$|^1$|^-\w+\s+-1\b|[^\s]*[^sn\s]\s1(\s|$)/,
      },
      { program: ['killall5'] },
      {
        program: ['pkill', 'killall', 'skill', 'slay'],
        text: /(^|\s)(-u\s*root|-U\s*0|--euid\s*root|init|systemd|sshd|launchd|Xorg|gnome-session|dbus-daemon)(\s|$)|\s['"]?\.(\*)?['"]?$|-f\s+['"]?\.?['"]?$|^root$|^(-\S+\s+)+$|(^|\s)-v\s|-[uU]\s*(root|0)(\s|$)/,
      },
      {
        program: ['taskkill', 'stop-process', 'tskill'],
        text: /\b(csrss|wininit|lsass|winlogon|smss|services|svchost)\b|\/im\s+\*|-name\s+\*|\/fi\s+"?(pid|imagename|status|cputime|memusage|username)\s+(ne|gt|ge)\b|\/fi\s+"?status\s+eq\s+running/i,
      },
      {
        program: ['wmic'],
        text: /^process\b.*\b(csrss|wininit|lsass|winlogon|smss|services|svchost)\b.*\b(delete|terminate)\b/i,
      },
      { program: ['stop-process', 'kill'], stdin: ['everything'] },
      { program: ['gdb', 'lldb', 'strace'], text: /(^|\s)(-p|--pid|attach)[= ]?1\b/ },
      { program: ['fuser'], text: /-\w*k\w*m?\s+(\/|\/home|\/usr)(\s|$)/ },
    ],
    match: [
      'kill -9 -1',
      'kill -1 1',
      'killall5',
      'kill -KILL 1',
      'pkill -9 -u root',
      ['cmd', 'taskkill /f /im lsass.exe'],
    ],
    noMatch: [
      'kill 1234',
      'kill -9 4242',
      'pkill -f "node server.js"',
      'killall node',
      'kill %1',
      ['cmd', 'taskkill /pid 1234'],
    ],
  },
  {
    id: 'process.kill',
    severity: 'ask',
    title: 'Ends processes',
    explanation: 'What those processes had not saved is lost.',
    when: [
      {
        program: [
          'kill',
          'pkill',
          'killall',
          'skill',
          'xkill',
          'taskkill',
          'stop-process',
          'tskill',
          'fuser',
        ],
        notText: /^-l\b|^-L\b|^--list/,
      },
    ],
    match: ['kill 1234', 'pkill node', 'killall node'],
    noMatch: ['kill -l', 'ps aux', 'pgrep node'],
  },
];
