// One clock for the whole page: keeps the age in every `<time data-at>` up to date, by the server's time.

import { el, setAttribute, setText } from "./dom.js";
import { age, exactTime } from "./format.js";

/** How far the server's clock is ahead of ours, in milliseconds. */
let serverAheadMs = 0;

/**
 * Record the difference between the server's clock and ours.
 *
 * @param {string | null} text An HTTP Date.
 */
export function noteServerTime(text) {
	const server = Date.parse(text ?? "");
	// A Date header has whole seconds, so smaller differences mean nothing.
	if (!Number.isNaN(server)) serverAheadMs = Math.abs(server - Date.now()) > 2000 ? server - Date.now() : 0;
}

/**
 * Return the seconds since a server timestamp; negative if it is in the future.
 *
 * @param {string} text
 */
export function secondsSince(text) {
	return (Date.now() + serverAheadMs - Date.parse(text)) / 1000;
}

/** Return the server's day of UTC: `2026-01-31`. */
export function today() {
	return new Date(Date.now() + serverAheadMs).toISOString().slice(0, 10);
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
 * Call `act` at an interval while the page is visible.
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
