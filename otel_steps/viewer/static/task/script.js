// An action as something to run: a line for adb, a call for Python. Pure.

/**
 * @param {any} action As the agent gave it, for example `{_metadata: "do", action: "Tap", element: [512, 884]}`.
 * @param {number | null} width Pixels of the phone's screen.
 * @param {number | null} height
 * @returns {string | null} null where adb has no such thing, or the screen's size is not known.
 */
function adbOf(action, width, height) {
  if (!action || typeof action !== "object") return null;
  const write = ADB[action.action];
  if (!write) return null;
  return write(action, (point) => pixels(point, width, height));
}

/**
 * @param {string} form `json`, `adb` or `python`.
 * @param {any} action @param {number | null} width @param {number | null} height @returns {string | null}
 */
export function writtenAs(form, action, width, height) {
  if (form === "adb") return adbOf(action, width, height);
  return form === "python" ? pythonOf(action) : JSON.stringify(action, null, 2);
}

/** @typedef {(point: any) => string | null} Pixels */
/** @type {Record<string, (action: any, pixels: Pixels) => string | null>} */
const ADB = {
  Tap: (action, at) => input("tap", at(action.element)),
  "Double Tap": (action, at) => {
    const tap = input("tap", at(action.element));
    return tap && `${tap} && ${tap}`;
  },
  "Long Press": (action, at) => {
    const point = at(action.element);
    return point && `adb shell input swipe ${point} ${point} 3000`;
  },
  Swipe: (action, at) => {
    const [start, end] = [at(action.start), at(action.end)];
    return start && end && `adb shell input swipe ${start} ${end} 500`;
  },
  Type: (action) => typed(action.text),
  Type_Name: (action) => typed(action.text),
  Back: () => "adb shell input keyevent KEYCODE_BACK",
  Home: () => "adb shell input keyevent KEYCODE_HOME",
  Wait: (action) => {
    const seconds = Number.parseFloat(action.duration);
    return Number.isFinite(seconds) ? `sleep ${seconds}` : null;
  },
};

/** @param {string} command @param {string | null} point */
const input = (command, point) => point && `adb shell input ${command} ${point}`;

/** `input text` knows ASCII only; the keyboard that agents install takes any text as base64.
 * @param {any} text */
function typed(text) {
  if (typeof text !== "string") return null;
  const bytes = new TextEncoder().encode(text);
  const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `adb shell am broadcast -a ADB_INPUT_B64 --es msg ${encoded}`;
}

/** @param {any} point @param {number | null} width @param {number | null} height */
function pixels(point, width, height) {
  if (!Array.isArray(point) || !width || !height) return null;
  const [x, y] = point.map(Number);
  if (!Number.isFinite(x) || !Number.isFinite(y)) return null;
  return `${Math.trunc((x / 1000) * width)} ${Math.trunc((y / 1000) * height)}`;
}

/**
 * The call that the agent's own action handler takes.
 * @param {any} action @returns {string | null}
 */
function pythonOf(action) {
  if (!action || typeof action !== "object" || Array.isArray(action)) return null;
  const { _metadata: kind, ...values } = action;
  if (kind !== "do" && kind !== "finish") return pythonLiteral(action);
  const given = Object.entries(values).map(([name, value]) => `${name}=${pythonLiteral(value)}`);
  return `${kind}(${given.join(", ")})`;
}

/** @param {any} value @returns {string} */
function pythonLiteral(value) {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${pythonLiteral(each)}`);
    return `{${pairs.join(", ")}}`;
  }
  return JSON.stringify(value);
}
