// Before anything is painted: light or dark, as it was chosen here.

import { applyTheme } from "./theme.js";

applyTheme();
