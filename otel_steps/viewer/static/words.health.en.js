// Words of what the recorder has to say, in English.

export default {
  "health.pack": "{name} · read-only",
  "health.pack.hint": "This is a file that somebody has handed over. It is looked at as it is, and nothing in it can be changed.",
  "health.waiting": "{count} steps wait to be stored",
  "health.waiting.one": "{count} step waits to be stored",
  "health.pictures": "{count} pictures wait to be stored",
  "health.pictures.one": "{count} picture waits to be stored",
  "health.dead": "{count} refused by the store",
  "health.picturesDead": "{count} pictures refused",
  "health.problems": "The recorder has a problem",
  "health.doctor": "Every check with its remedy:",
};
