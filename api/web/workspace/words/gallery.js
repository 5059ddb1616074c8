// What the gallery says.

import { count } from "../core/format.js";

export const GALLERY = Object.freeze({
	selectNothing: "Select nothing (Esc)",
	selectEverything: "Select everything that was found",
	compareHint: "Select two to compare them",
	selectedTiles: "Selected tiles",
	/** @type {(number: number) => string} */
	selected: (number) => `${count(number, "tile")} selected`,
	selectTiles: "Select tiles",
	select: "Select",
	selectKey: "Select (X)",
	/** @type {(name: string) => string} */
	selectOne: (name) => `Select: ${name}`,
	/** @type {(name: string) => string} */
	likeOne: (name) => `Like: ${name}`,
	/** @type {(kind: string) => string} */
	openToSee: (kind) => `${kind}: open it to see it.`,
	flagged: "Flagged as not safe for work",
	videoGone: "This video cannot be shown: it may have expired.",
	small: "Small",
	medium: "Medium",
	large: "Large",
	tileSize: "Tile size",
	selectTilesKey: "Select tiles (X)",
	/** @type {(number: number, all: number) => string} */
	place: (number, all) => `, ${number} of ${all}`,
	liked: ", liked",
});
