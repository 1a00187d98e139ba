import type { Rule } from './types';

/** What only Windows has. */
export const WINDOWS: readonly Rule[] = [
  {
    id: 'windows.registry',
    severity: 'block',
    title: 'Deletes or replaces parts of the Windows registry',
    explanation: 'Windows or its programs no longer start when these keys are gone.',
    when: [
      {
        program: ['reg'],
        text: /^delete\s+["']?(hklm|hkey_local_machine|hkcr|hkey_classes_root|hkcu\\software["']?(\s|$)|hkey_current_user["']?(\s|$)|hku|hkcc|hkcu["']?(\s|$))/i,
      },
      { program: ['reg'], text: /^(load|unload|restore|import)\b.*(hklm|hkey_local_machine)/i },
      {
        program: ['reg'],
        text: /^add\s+["']?(hklm|hkey_local_machine)\\.*(currentversion\\run|winlogon|image file execution|services\\|policies\\system|terminal server)/i,
      },
      {
        program: ['remove-item', 'remove-itemproperty', 'clear-item'],
        text: /(hklm:|hkey_local_machine|registry::hk|hkcr:|hkcu:\\?(software\\?)?(\s|["']|$))/i,
      },
      {
        program: ['set-itemproperty', 'new-itemproperty', 'set-item', 'new-item', 'reg'],
        text: /(hk(lm|cu):?|hkey_(local_machine|current_user))\\.*\\currentversion\\run(once)?\b/i,
        notText: /^(query|export|compare)\b/i,
      },
    ],
    match: [
      ['cmd', 'reg delete HKLM\\SOFTWARE /f'],
      ['powershell', 'Remove-Item -Path HKLM:\\SOFTWARE\\Microsoft -Recurse'],
    ],
    noMatch: [
      ['cmd', 'reg query HKLM\\SOFTWARE'],
      ['cmd', 'reg add HKCU\\Software\\MyApp /v A /d 1'],
    ],
  },
  {
    id: 'windows.credentials',
    severity: 'block',
    title: 'Takes passwords out of Windows',
    explanation: 'It copies the account database or the memory in which passwords are kept.',
    when: [
      { program: ['reg'], text: /^save\s+["']?(hklm|hkey_local_machine)\\(sam|system|security)/i },
      {
        program: ['procdump', 'procdump64', 'rundll32', 'tasklist-dump', 'sqldumper'],
        text: /lsass|comsvcs/i,
      },
      {
        program: [
          'mimikatz',
          'lazagne',
          'secretsdump.py',
          'pwdump',
          'fgdump',
          'gsecdump',
          'wce',
          'rubeus',
          'sharphound',
          'invoke-mimikatz',
          'seatbelt',
        ],
      },
      { program: ['ntdsutil', 'esentutl', 'diskshadow'], text: /ntds|ifm|snapshot/i },
    ],
    match: [
      ['cmd', 'reg save HKLM\\SAM sam.hive'],
      ['cmd', 'rundll32 comsvcs.dll MiniDump 624 lsass.dmp full'],
      ['cmd', 'procdump -ma lsass.exe'],
    ],
    noMatch: [
      ['cmd', 'reg query HKCU'],
      ['cmd', 'tasklist'],
    ],
  },
];
