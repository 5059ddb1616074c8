// The words and limits that the server embeds in the page, so that it alone defines them.

/** @import { Vocabulary } from "../../types/page.js" */

const embedded = document.getElementById("vocabulary");

/** @type {Vocabulary} */
export const vocabulary = JSON.parse(embedded?.textContent ?? "{}");
