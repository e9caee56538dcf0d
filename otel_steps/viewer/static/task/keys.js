// Which key means which command. Pure but for the event that it is asked about.

/** Keys as `KeyboardEvent.key` and their command, in the order of the help sheet. @type {[string[], string][]} */
export const KEYS = [
  [["j", "ArrowDown"], "next"],
  [["k", "ArrowUp"], "previous"],
  [["Shift+J", "Shift+ArrowDown"], "next10"],
  [["Shift+K", "Shift+ArrowUp"], "previous10"],
  [["ArrowRight"], "nextPhase"],
  [["ArrowLeft"], "previousPhase"],
  [["Home"], "first"],
  [["End"], "last"],
  [[" "], "play"],
  [["["], "slower"],
  [["]"], "faster"],
  [["f"], "nextFailed"],
  [["Shift+F"], "previousFailed"],
  [["g"], "flagged"],
  [["/"], "search"],
  [["o"], "overlay"],
  [["e"], "attempts"],
  [["d"], "mode"],
  [["z"], "zoom"],
  [["w"], "spans"],
  [["+", "="], "zoomIn"],
  [["-"], "zoomOut"],
  [["s"], "strip"],
  [["m"], "full"],
  [["y"], "copyAction"],
  [["c"], "copyLink"],
  [["x"], "mark"],
  [["u"], "good"],
  [["b"], "bad"],
  [["n"], "stepNote"],
  [["t"], "stepTags"],
  [["a"], "note"],
  [["?"], "help"],
  [["Escape"], "close"],
];
const COMMANDS = new Map(KEYS.flatMap(([keys, command]) => keys.map((key) => [key, command])));
// These move the focus' own element where it is one of them.
const WRITES = "input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]";
const USES_SPACE = "button, a, summary, [type=checkbox]";
const USES_ARROWS = "[type=range]:not([data-scrubber]), [role=separator]";

/**
 * The command of a key, or null: keys of the browser, of a field, and of an input method stay theirs.
 * @param {KeyboardEvent} event
 */
export function commandOf(event) {
  // 229 is what browsers send that tell of a composition by nothing else.
  if (event.isComposing || event.keyCode === 229) return null;
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const target = /** @type {Element | null} */ (event.target);
  const isIn = (/** @type {string} */ selector) => target?.matches?.(selector) ?? false;
  if (isIn(WRITES)) return null;
  if (event.key === " " && isIn(USES_SPACE)) return null;
  if (isIn(USES_ARROWS) && /^(Arrow|Home|End)/.test(event.key)) return null;
  return COMMANDS.get(nameOf(event)) ?? null;
}

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const isShifted = event.shiftKey && (event.key.startsWith("Arrow") || /^[a-z]$/i.test(event.key));
  if (isShifted) return `Shift+${event.key.length === 1 ? event.key.toUpperCase() : event.key}`;
  // With caps lock a letter comes as a capital without Shift.
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}
