// Copies text and says so.

import { t } from "../i18n.js";

/** @param {import("./state.js").Session} session @param {string} text */
export async function copied(session, text) {
  try {
    await navigator.clipboard.writeText(text);
    session.set({ said: t("task.copied") });
  } catch {
    // No clipboard outside https and localhost: the text itself is said, to be copied by hand.
    session.set({ said: text });
  }
}
