// Words of why a task did not end well, in English.

export default {
  "why.title": "Why:",
  "why.weak": "(by the agent's own words)",
  "why.evidence": "Evidence ({count})",
  "why.fact.error": "error",
  "why.fact.said": "said",
  "why.fact.no_effect": "nothing changed on the screen",
  "why.fact.elsewhere": "changed the screen far from the field",
  "why.fact.repeated": "repeated",
  "why.fact.app": "in front",
  "why.fact.black": "black picture",
  "why.fact.sensitive": "protected window",
  "why.fact.last_change": "the last that changed the screen",
};
