// Words of tokens and costs in English.

export default {
  "usage.title": "Tokens and cost",
  "usage.tokens": "{tokens} tokens",
  "usage.in": "{tokens} in",
  "usage.in.cached": "{tokens} in ({cached} cached)",
  "usage.out": "{tokens} out",
  "usage.unknown": "price unknown",
  "usage.unknown.hint": "The table of prices does not tell what this costs: {models}",
  "usage.unnamed": "a model without a name",
  "usage.prices": "Estimated by prices of {date}",
  "usage.none": "No step has told what it used of its model.",
  "usage.failed": "This cannot be loaded: {error}",
  "usage.loading": "Adding up…",
  "usage.day": "Day",
  "usage.model": "Model",
  "usage.all": "All",
  "usage.steps": "Steps",
  "usage.input": "Input",
  "usage.cached": "Cached",
  "usage.output": "Output",
  "usage.cost": "Cost",
};
