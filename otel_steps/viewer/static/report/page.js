// What can be done with a report: print it, and copy it for a bug report or for a model. The page itself has no script.

const said = /** @type {HTMLElement} */ (document.querySelector(".report-bar .said"));

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy]"))) {
  button.addEventListener("click", () => copy(button));
}

const printer = /** @type {HTMLButtonElement | null} */ (document.querySelector("[data-print]"));
if (printer) {
  // What stands at the edges of each sheet of paper; the server has escaped what was recorded.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(printer.dataset.print ?? "");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  printer.addEventListener("click", async () => {
    printer.disabled = true;
    await pictures();
    printer.disabled = false;
    print();
  });
}

/** Pictures that nobody has scrolled to are loaded before they are printed. */
async function pictures() {
  const all = /** @type {HTMLImageElement[]} */ ([...document.querySelectorAll("img[loading]")]);
  for (const each of all) each.loading = "eager";
  // One that cannot be had leaves its place empty.
  await Promise.all(all.map((each) => each.decode().catch(() => undefined)));
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const { copy: address = "", copied = "", failed = "", hand = "" } = button.dataset;
  button.disabled = true;
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const text = await answer.text();
    // No clipboard outside https and localhost.
    await navigator.clipboard.writeText(text).then(() => say(copied), () => offer(hand, text));
  } catch (error) {
    say(`${failed} ${String(error)}`);
  }
  button.disabled = false;
}

/** @param {string} words @param {Element[]} more */
const say = (words, ...more) => said.replaceChildren(words, ...more);

/** The text itself, to be copied by hand. @param {string} words @param {string} text */
function offer(words, text) {
  const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, rows: 8, ariaLabel: words });
  say(words, field);
  field.select();
}
