// What the viewer uses of htm.

type Build = (strings: TemplateStringsArray, ...values: unknown[]) => any;

declare const htm: { bind(h: unknown): Build };
export default htm;
