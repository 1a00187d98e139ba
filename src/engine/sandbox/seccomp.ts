/**
 * A seccomp filter for a sandboxed command, as the bytes that bubblewrap's `--seccomp` takes: an array of
 * `struct sock_filter` (code u16, jt u8, jf u8, k u32, little endian). Numbers from the kernel's
 * `uapi/linux/{filter,seccomp,audit}.h` and the syscall tables of each architecture.
 */
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;

/** Offsets in `struct seccomp_data`. */
const NR = 0;
const ARCH = 4;
const FIRST_ARGUMENT = 16;

const AF_UNIX = 1;
/** System calls of the x32 ABI are those of x86-64 with this bit: a second door to everything. */
const X32_BIT = 0x40000000;

interface SyscallTable {
  readonly audit: number;
  readonly socket: number;
  /** Answered with "not permitted". */
  readonly denied: readonly number[];
  /** Answered with "no such call", so that libraries fall back to what the filter can see. */
  readonly absent: readonly number[];
}

/** The calls of the new mount interface and of io_uring have the same numbers everywhere. */
const NEW_MOUNT = [428, 429, 430, 431, 432, 433, 442];
const IO_URING = [425, 426, 427];

const TABLES: Readonly<Partial<Record<NodeJS.Architecture, SyscallTable>>> = {
  x64: {
    audit: 0xc000003e,
    socket: 41,
    // mount umount2 pivot_root init_module finit_module delete_module kexec_load kexec_file_load bpf
    // perf_event_open userfaultfd setns unshare open_by_handle_at
    denied: [165, 166, 155, 175, 313, 176, 246, 320, 321, 298, 323, 308, 272, 304, ...NEW_MOUNT],
    // add_key request_key keyctl: the keyrings belong to the user, not to a namespace.
    absent: [248, 249, 250, ...IO_URING],
  },
  arm64: {
    audit: 0xc00000b7,
    socket: 198,
    denied: [40, 39, 41, 105, 273, 106, 104, 294, 280, 241, 282, 268, 97, 265, ...NEW_MOUNT],
    absent: [217, 218, 219, ...IO_URING],
  },
};

/** Undefined on an architecture for which there is no table: the sandbox then must not promise a filter. */
export function seccompFilter(arch: NodeJS.Architecture): Buffer | undefined {
  const table = TABLES[arch];
  if (!table) return undefined;
  const program: (readonly [code: number, jt: number, jf: number, k: number])[] = [
    [LOAD_WORD, 0, 0, ARCH],
    // Another architecture (32-bit calls on a 64-bit kernel) has other numbers: none of them is let through.
    [JUMP_EQUAL, 1, 0, table.audit],
    [RETURN, 0, 0, ERRNO | ENOSYS],
    [LOAD_WORD, 0, 0, NR],
    [JUMP_GREATER_EQUAL, 0, 1, X32_BIT],
    [RETURN, 0, 0, ERRNO | ENOSYS],
  ];
  for (const nr of table.denied) program.push([JUMP_EQUAL, 0, 1, nr], [RETURN, 0, 0, ERRNO | EPERM]);
  for (const nr of table.absent) program.push([JUMP_EQUAL, 0, 1, nr], [RETURN, 0, 0, ERRNO | ENOSYS]);
  program.push(
    [JUMP_EQUAL, 0, 3, table.socket],
    [LOAD_WORD, 0, 0, FIRST_ARGUMENT],
    [JUMP_EQUAL, 0, 1, AF_UNIX],
    [RETURN, 0, 0, ERRNO | EPERM],
    [RETURN, 0, 0, ALLOW],
  );
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jt, jf, k], at) => {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(jt, at * 8 + 2);
    bytes.writeUInt8(jf, at * 8 + 3);
    bytes.writeUInt32LE(k, at * 8 + 4);
  });
  return bytes;
}
