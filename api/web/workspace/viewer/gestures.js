// Wheel, drag, pinch, swipe and double press on the stage, as what they mean.

import { closest, on } from "../core/dom.js";

/** @import { Point } from "./zoom.js" */

/**
 * @typedef {object} Meanings
 * @property {(factor: number, at: Point) => void} zoom At a point of the window.
 * @property {(by: Point, to: Point) => void} drag
 * @property {(at: Point) => void} press Twice at one place.
 * @property {(steps: number) => void} swipe
 * @property {() => boolean} mayDrag Whether a drag moves something, so that it is no swipe.
 */

const WHEEL_ZOOM = 0.0018;
/** A line or a page of a wheel that does not turn in pixels. */
const WHEEL_PIXELS = [1, 16, 400];
const SWIPE_PIXELS = 60;
const DOUBLE_MS = 320;
const DOUBLE_PIXELS = 30;
/** What works by itself. */
const OWN = "button, a, input, video, audio, .viewer-text";

/**
 * @param {HTMLElement} stage
 * @param {Meanings} means
 */
export function listenToGestures(stage, means) {
	/** @type {Map<number, Point>} */
	const down = new Map();
	/** @type {Point | null} */
	let began = null;
	let pinched = false;
	/** @type {{ at: number, point: Point } | null} */
	let last = null;

	stage.addEventListener(
		"wheel",
		(event) => {
			if (closest(event.target, OWN)) return;
			event.preventDefault();
			const pixels = event.deltaY * WHEEL_PIXELS[event.deltaMode];
			// Browsers report a pinch on a touchpad as a turn with Ctrl, in smaller steps.
			means.zoom(Math.exp(-pixels * WHEEL_ZOOM * (event.ctrlKey ? 5 : 1)), pointOf(event));
		},
		{ passive: false },
	);
	on(stage, "pointerdown", (event) => {
		if (event.button !== 0 || closest(event.target, OWN)) return;
		stage.setPointerCapture(event.pointerId);
		down.set(event.pointerId, pointOf(event));
		pinched = down.size > 1;
		if (down.size === 1) began = pointOf(event);
	});
	on(stage, "pointermove", (event) => {
		const before = down.get(event.pointerId);
		if (!before) return;
		const now = pointOf(event);
		const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
		down.set(event.pointerId, now);
		if (!other) return means.drag({ x: now.x - before.x, y: now.y - before.y }, now);
		const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
		means.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle);
		means.drag({ x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 }, middle);
	});
	on(stage, "pointerup", (event) => {
		if (!down.delete(event.pointerId) || down.size || !began || pinched) return;
		const now = pointOf(event);
		const [x, y] = [now.x - began.x, now.y - began.y];
		if (event.pointerType !== "mouse" && !means.mayDrag() && Math.abs(x) > SWIPE_PIXELS && Math.abs(x) > 2 * Math.abs(y)) {
			means.swipe(x < 0 ? 1 : -1);
			return;
		}
		if (Math.hypot(x, y) > DOUBLE_PIXELS) return;
		const twice = last && event.timeStamp - last.at < DOUBLE_MS && distance(last.point, now) < DOUBLE_PIXELS;
		last = twice ? null : { at: event.timeStamp, point: now };
		if (twice) means.press(now);
	});
	on(stage, "pointercancel", (event) => down.delete(event.pointerId));
}

/** @param {MouseEvent} event */
function pointOf({ clientX, clientY }) {
	return { x: clientX, y: clientY };
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function distance(one, other) {
	return Math.hypot(one.x - other.x, one.y - other.y);
}
