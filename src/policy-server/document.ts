import { getNodeValue, type Node, parseTree } from 'jsonc-parser';
import type { Position, Range, TextDocument } from 'vscode-json-languageservice';
import { type CheckedPolicy, checkPolicy } from '../engine/policy/check/check';
import { DEEPEST, nestingOf } from '../engine/policy/nesting';
import { MAX_LENGTH } from '../engine/policy/parse';
import type { WorkspacePolicy } from '../engine/policy/schema';

/** A rule as it stands in the text, whether or not it is valid. */
export interface RuleNode {
  readonly index: number;
  readonly node: Node;
  readonly fields: ReadonlyMap<string, Node>;
  /** The id that it is written with. */
  readonly id: string | undefined;
  /** The id under which decisions and the audit name it. */
  readonly name: string;
}

/** A policy file at one version, with what all features need of it worked out once. */
export class PolicyDocument {
  readonly text: string;
  /** False for what the engine does not read either, for its size or its depth: nothing is said of it but that. */
  readonly readable: boolean;
  /** As much as could be read of a broken text. */
  readonly tree: Node | undefined;
  readonly rules: readonly RuleNode[];
  private check: CheckedPolicy | undefined;

  constructor(
    readonly source: TextDocument,
    private readonly lastGood: WorkspacePolicy | undefined,
    private readonly understood: (policy: WorkspacePolicy) => void,
  ) {
    this.text = source.getText();
    this.readable = this.text.length <= MAX_LENGTH && nestingOf(this.text) <= DEEPEST;
    this.tree = this.readable ? treeOf(this.text) : undefined;
    this.rules = rulesOf(this.tree);
  }

  /** What the engine says of the text. Worked out when it is first asked for: completion does not wait for it. */
  get checked(): CheckedPolicy {
    if (this.check === undefined) {
      this.check = checkPolicy(this.text, 'workspace', this.lastGood);
      if (this.check.understood) this.understood(this.check.inForce);
    }
    return this.check;
  }

  range(node: { readonly offset: number; readonly length: number }): Range {
    return {
      start: this.source.positionAt(node.offset),
      end: this.source.positionAt(node.offset + Math.max(1, node.length)),
    };
  }

  /** The rule that a place is in. */
  ruleAt(position: Position): RuleNode | undefined {
    const offset = this.source.offsetAt(position);
    return this.rules.find(({ node }) => offset >= node.offset && offset <= node.offset + node.length);
  }

  /** The rule and the field of it whose value a place is in. */
  fieldAt(position: Position): { rule: RuleNode; name: string; node: Node } | undefined {
    const rule = this.ruleAt(position);
    const offset = this.source.offsetAt(position);
    for (const [name, node] of rule?.fields ?? []) {
      if (rule !== undefined && offset >= node.offset && offset <= node.offset + node.length)
        return { rule, name, node };
    }
    return undefined;
  }
}

function treeOf(text: string): Node | undefined {
  return parseTree(text.replace(/^\ufeff/, ' '), [], { allowTrailingComma: true });
}

function rulesOf(tree: Node | undefined): readonly RuleNode[] {
  const found: RuleNode[] = [];
  for (const property of tree?.type === 'object' ? (tree.children ?? []) : []) {
    const [key, list] = property.children ?? [];
    if (key?.value !== 'rules' || list?.type !== 'array') continue;
    for (const [index, node] of (list.children ?? []).entries()) {
      if (node.type === 'object') found.push(ruleOf(node, index));
    }
  }
  return found;
}

function ruleOf(node: Node, index: number): RuleNode {
  const fields = new Map<string, Node>();
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (typeof key?.value === 'string' && value !== undefined && !fields.has(key.value))
      fields.set(key.value, value);
  }
  const written: unknown = fields.get('id')?.value;
  const id = typeof written === 'string' && written.trim() !== '' ? written.trim() : undefined;
  return { index, node, fields, id, name: id ?? `workspace.rules[${index}]` };
}

/** The rule as a value, as the engine and the simulator take it. */
export function ruleValue({ node }: RuleNode): unknown {
  return getNodeValue(node);
}

/** The text of a field that holds one. */
export function textOf(rule: RuleNode, field: string): string | undefined {
  const value: unknown = rule.fields.get(field)?.value;
  return typeof value === 'string' ? value : undefined;
}

/** The documents that are open, each read once per version; remembers the last policy that was understood. */
export class PolicyDocuments {
  private readonly known = new Map<string, { version: number; text: string; document: PolicyDocument }>();
  private readonly lastGood = new Map<string, WorkspacePolicy>();

  read(source: TextDocument): PolicyDocument {
    const { uri, version } = source;
    const held = this.known.get(uri);
    const text = source.getText();
    if (held?.version === version && held.text === text) return held.document;
    const document = new PolicyDocument(source, this.lastGood.get(uri), (policy) => {
      this.lastGood.set(uri, policy);
    });
    this.known.set(uri, { version, text, document });
    return document;
  }

  forget(uri: string): void {
    this.known.delete(uri);
    this.lastGood.delete(uri);
  }
}
