// What the last question to Grok cost: the only price that is known before the next one.

const KEY = "promptmill.question-cost";

/** @returns {number | null} */
export function lastCost() {
	try {
		return Number(localStorage.getItem(KEY)) || null;
	} catch {
		return null;
	}
}

/** @param {number | null} cost */
export function rememberCost(cost) {
	try {
		if (cost) localStorage.setItem(KEY, String(cost));
	} catch {
		// Without storage, the price is not told before the click.
	}
}
