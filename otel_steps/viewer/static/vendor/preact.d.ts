// What the viewer uses of Preact.

export interface VNode {
  type: unknown;
}

export function h(type: unknown, props: object | null, ...children: unknown[]): VNode;
export function render(node: unknown, parent: Element): void;
