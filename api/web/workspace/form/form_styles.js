// The style sheet of what the form loads on demand, added once.

import { addStyles } from "../core/styles.js";

export const styled = addStyles("inputs.css");
