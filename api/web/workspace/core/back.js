// Says that the server answers again, so that what could not be loaded while it was away is asked for.

import { on } from "./dom.js";

const NAME = "promptmill:back";

export function tellBack() {
	window.dispatchEvent(new Event(NAME));
}

/** @param {() => unknown} act */
export function whenBack(act) {
	on(window, NAME, act);
	on(window, "online", act);
}
