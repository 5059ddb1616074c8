// Zooming and panning: numbers only, no elements. Two media of different sizes can share one position.

/**
 * @typedef {object} Position
 * @property {number} zoom 1 fits the stage.
 * @property {number} x Which part of the medium is in the middle, from 0 to 1.
 * @property {number} y
 *
 * @typedef {{ width: number, height: number }} Size
 * @typedef {{ x: number, y: number }} Point From the middle of the stage, in pixels.
 */

/** @type {Readonly<Position>} */
export const FITTED = { zoom: 1, x: 0.5, y: 0.5 };

/** A picture's pixel is enlarged at most this often. */
const LARGEST_PIXEL = 8;

/**
 * Return the size in which a medium fits the stage; a small one is enlarged, so that two can be compared.
 *
 * @param {Size} natural
 * @param {Size} stage
 * @returns {Size}
 */
export function fit(natural, stage) {
	const scale = Math.min(stage.width / natural.width, stage.height / natural.height);
	return { width: natural.width * scale, height: natural.height * scale };
}

/**
 * Return the zoom at which a pixel of the medium is one of the screen.
 *
 * @param {Size} natural
 * @param {Size} stage
 */
export function actualZoom(natural, stage) {
	return natural.width / fit(natural, stage).width;
}

/**
 * Enlarge around a point, which stays where it is.
 *
 * @param {Position} position
 * @param {number} factor
 * @param {Point} point
 * @param {Size} natural
 * @param {Size} stage
 * @returns {Position}
 */
export function zoomAt(position, factor, point, natural, stage) {
	const fitted = fit(natural, stage);
	const actual = actualZoom(natural, stage);
	const zoom = Math.min(Math.max(1, actual * LARGEST_PIXEL), Math.max(Math.min(1, actual), position.zoom * factor));
	const moved = 1 / position.zoom - 1 / zoom;
	const to = { zoom, x: position.x + (point.x * moved) / fitted.width, y: position.y + (point.y * moved) / fitted.height };
	return within(to, fitted, stage);
}

/**
 * Move the medium by this many pixels.
 *
 * @param {Position} position
 * @param {Point} by
 * @param {Size} natural
 * @param {Size} stage
 */
export function panBy(position, by, natural, stage) {
	const fitted = fit(natural, stage);
	const { zoom, x, y } = position;
	return within({ zoom, x: x - by.x / (fitted.width * zoom), y: y - by.y / (fitted.height * zoom) }, fitted, stage);
}

/**
 * Return how far the medium's middle lies from the stage's, in pixels.
 *
 * @param {Position} position
 * @param {Size} fitted
 * @returns {Point}
 */
export function offsetOf({ zoom, x, y }, fitted) {
	return { x: (0.5 - x) * fitted.width * zoom, y: (0.5 - y) * fitted.height * zoom };
}

/**
 * Keep the stage covered: in the middle where the medium is smaller, and no further than its edge.
 *
 * @param {Position} position
 * @param {Size} fitted
 * @param {Size} stage
 * @returns {Position}
 */
function within({ zoom, x, y }, fitted, stage) {
	return { zoom, x: inside(x, stage.width / (fitted.width * zoom)), y: inside(y, stage.height / (fitted.height * zoom)) };
}

/**
 * @param {number} at
 * @param {number} seen Which share of the medium the stage has room for.
 */
function inside(at, seen) {
	return seen >= 1 ? 0.5 : Math.min(1 - seen / 2, Math.max(seen / 2, at));
}
