// The look of what Grok is asked and answers; resolves once it applies.

import { addStyles } from "../core/styles.js";

export const aiStyles = addStyles("ai.css");
