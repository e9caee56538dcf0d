// What the reader may do here. The page says it, and the server refuses the rest.

/** Each may do what those before it may. */
const ROLES = ["read", "annotate", "delete"];

/** Nobody may change a file on its own. @param {"annotate" | "delete"} role */
export const may = (role) => ROLES.indexOf(document.documentElement.dataset.role ?? "") >= ROLES.indexOf(role);
