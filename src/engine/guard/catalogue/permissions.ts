import type { Rule } from './types';

/** Who may use files. */
export const PERMISSIONS: readonly Rule[] = [
  {
    id: 'permissions.system',
    severity: 'block',
    title: 'Changes who may use system files or a whole home folder',
    explanation: 'The machine stops working, or everyone on it may change what runs as administrator.',
    saferAlternative: 'Name the one file of the project that needs it, and give no more than it needs.',
    when: [
      {
        program: [
          'chmod',
          'chown',
          'chgrp',
          'gchmod',
          'gchown',
          'chflags',
          'setfacl',
          'chattr',
          'chcon',
          'icacls',
          'cacls',
          'takeown',
          'set-acl',
          'xcacls',
        ],
        recursive: true,
        perms: ['root', 'home', 'system', 'critical', 'mount'],
      },
      {
        program: ['chmod', 'chown', 'chgrp', 'gchmod', 'gchown'],
        perms: ['root', 'critical', 'device', 'credential'],
        notText:
          /^-?-?(c|v)?\s*(g?o?-|[0-6]00|u=r|go=|og-|go-|[46][04]0)\S*\s+\S*(\/\.ssh|\.pem|\.aws|\.gnupg|id_\w+|\.kube|\.netrc|\.pgpass|\.npmrc|\.docker|credentials)/,
        text: /(^|\s)(0?777|0?666|[augo]*[+=]\S*w\S*|a[+=]\S*)\s|^-R|^\S+(:\S*)?\s+\/(etc|bin|sbin|usr|lib|boot)|000\s/,
      },
      {
        program: ['chmod', 'gchmod'],
        text: /(^|\s)(0?777|0?666|a[+=]r?w\S*|o[+=]r?w\S*|ugo[+=]r?w\S*|[+]w)(\s|$)/,
        perms: ['root', 'system', 'home', 'critical', 'credential'],
      },
      { program: ['chown', 'chgrp', 'gchown'], perms: ['root', 'system'] },
      {
        program: ['chattr', 'setfacl', 'setfattr', 'chcon', 'chflags'],
        writes: ['critical', 'root', 'system', 'home'],
      },
      {
        program: ['takeown', 'icacls', 'cacls', 'xcacls'],
        text: /(^|\s)"?([a-z]:\\?(\s|$|\*)|[a-z]:\\(windows|program|users)(\\|\s|"|$))|everyone:\(?\S*f\b|\/f\s+"?[a-z]:\\?("|\s|$)/i,
      },
      {
        program: ['set-acl', 'attrib'],
        text: /(^|\s)["']?([a-z]:\\?(\*|\s|["']|$)|[a-z]:\\(windows|program files|users)(\\|\s|["']|$))/i,
        notText: /^["']?[a-z]:\S*$/i,
      },
      { program: ['net', 'net1'], text: /^share\s+\S+[=\s]"?[a-z]:\\?(\s|"|$)/i },
    ],
    match: [
      'chmod -R 777 /',
      'chmod 0777 /etc/passwd',
      'chown -R nobody /usr',
      'chmod 777 /',
      'chmod -R 000 ~',
      'chown eve /etc/shadow',
      ['cmd', 'icacls C:\\ /grant Everyone:F /T'],
      ['cmd', 'takeown /f C:\\ /r'],
    ],
    noMatch: [
      'chmod +x x.sh',
      'chmod 644 README.md',
      'chmod -R 755 dist',
      'chown -R node:node node_modules',
      'man chmod',
      'chmod 600 ~/.ssh/id_rsa',
    ],
  },
  {
    id: 'permissions.world',
    severity: 'ask',
    title: 'Lets everyone change files, or changes permissions of many',
    explanation: 'Everyone on this machine may then change those files.',
    when: [
      {
        program: [
          'chmod',
          'chown',
          'chgrp',
          'gchmod',
          'setfacl',
          'chattr',
          'icacls',
          'takeown',
          'attrib',
          'set-acl',
          'chflags',
          'chcon',
          'setfattr',
          'xattr',
          'cacls',
        ],
        text: /\S/,
      },
    ],
    match: ['chmod 777 x', 'chmod -R 777 .', 'chown root x', 'chmod +x x.sh'],
    noMatch: ['ls -l', 'stat x'],
  },
];
