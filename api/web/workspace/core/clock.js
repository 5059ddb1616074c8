// One clock for the whole page: every `<time data-at>` grows older by it, by the server's time.

import { el, setAttribute, setText } from "./dom.js";
import { age, exactTime } from "./format.js";

let ahead = 0;

/**
 * Note what time it is at the server; the difference is kept.
 *
 * @param {string | null} text An HTTP Date.
 */
export function noteServerTime(text) {
	const server = Date.parse(text ?? "");
	// A Date has whole seconds: smaller differences tell nothing.
	if (!Number.isNaN(server)) ahead = Math.abs(server - Date.now()) > 2000 ? server - Date.now() : 0;
}

/**
 * Return the seconds since a time of the server; negative for one to come.
 *
 * @param {string} text
 */
export function secondsSince(text) {
	return (Date.now() + ahead - Date.parse(text)) / 1000;
}

/** @param {string} at */
export function timeElement(at) {
	const element = el("time.age");
	setMoment(element, at);
	return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} at
 */
export function setMoment(element, at) {
	if (element.dataset.at === at) return;
	element.dataset.at = at;
	setAttribute(element, "datetime", at);
	setAttribute(element, "title", exactTime(at));
	setText(element, age(secondsSince(at)));
}

/**
 * Do something again and again while the page is visible.
 *
 * @param {number} seconds
 * @param {() => unknown} act
 */
export function every(seconds, act) {
	setInterval(() => document.hidden || act(), seconds * 1000);
}

export function startClock() {
	every(1, () => {
		/** @type {NodeListOf<HTMLElement>} */
		const shown = document.querySelectorAll("time.age[data-at]");
		for (const element of shown) setText(element, age(secondsSince(element.dataset.at ?? "")));
	});
}
