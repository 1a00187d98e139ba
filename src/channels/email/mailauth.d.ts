// The parts of mailauth that are used. Its index brings BIMI, ARC sealing and an HTTP client along.
type Resolve = (name: string, type: string) => Promise<unknown>;

declare module 'mailauth/lib/dkim/verify' {
  interface Signature {
    /** SHA-256 of the signature's bytes, hexadecimal. */
    readonly id: string;
    readonly signingDomain: string;
    /** `b=` as it stands in the message. */
    readonly signature?: string;
    readonly algo?: string;
    /** Absent in the one result that stands for “no signature at all”. */
    readonly signingHeaders?: { readonly keys: string };
    readonly status: { readonly result: string };
    /** Signed with `l=`: what comes after is anybody's. */
    readonly canonBodyLengthLimited?: boolean;
    readonly signatureTimeValid: boolean;
    /** The key's DNS record without white space. */
    readonly rr?: string;
  }
  export function dkimVerify(
    input: Buffer,
    options: { resolver: Resolve; minBitLength: number; curTime?: Date },
  ): Promise<{ readonly headerFrom: readonly string[]; readonly results: readonly Signature[] }>;
}

declare module 'mailauth/lib/spf' {
  export function spf(options: {
    sender: string;
    ip: string;
    helo: string;
    mta: string;
    resolver: Resolve;
  }): Promise<{ readonly domain?: string; readonly status: { readonly result: string } } | false>;
}

declare module 'mailauth/lib/dmarc' {
  export function dmarc(options: {
    headerFrom: string;
    spfDomains: readonly string[];
    dkimDomains: readonly { readonly domain: string }[];
    resolver: Resolve;
  }): Promise<
    | {
        readonly status: { readonly result: string };
        readonly alignment?: {
          readonly spf: { readonly strict: boolean };
          readonly dkim: { readonly strict: boolean };
        };
      }
    | false
  >;
}
