// The words and limits that the server has put into the page, so that they stand once, there.

/** @import { Vocabulary } from "../../types/page.js" */

const place = document.getElementById("vocabulary");

/** @type {Vocabulary} */
export const vocabulary = JSON.parse(place?.textContent ?? "{}");
