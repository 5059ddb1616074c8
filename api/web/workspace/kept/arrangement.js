// The order of the collection that is shown: which tiles are in it, and where.

/** @import { Tile } from "../gallery/tiles.js" */

/** @type {{ id: string, places: ReadonlyMap<string, number> }} */
let shown = { id: "", places: new Map() };

/**
 * Note a collection's outputs in their order, by the keys of their tiles.
 *
 * @param {string} id
 * @param {readonly string[]} keys
 */
export function noteOrder(id, keys) {
	shown = { id, places: new Map(keys.map((key, place) => [key, place])) };
}

/** The keys in their order. */
export function orderNow() {
	return [...shown.places.keys()];
}

/**
 * Return the tiles of a collection in its order; those of no collection, or of one that is not known yet, as they are.
 *
 * @param {Tile[]} tiles
 * @param {string} collection Its id, or "".
 */
export function arrange(tiles, collection) {
	if (!collection || shown.id !== collection) return tiles;
	const { places } = shown;
	/** @param {Tile} tile */
	const place = ({ key }) => places.get(key) ?? -1;
	return tiles.filter(({ key }) => places.has(key)).sort((one, other) => place(one) - place(other));
}
