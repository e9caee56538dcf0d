// Rules of a part that is loaded when it is first shown: they come with it.

/** Where there is no page, as in a test of a module's functions, there is nothing to do.
 * @param {string} css Ours: no text of a page gets in here. */
export function styled(css) {
  if (!globalThis.document) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
