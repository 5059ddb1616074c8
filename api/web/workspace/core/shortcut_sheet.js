// The list of keyboard shortcuts.

import { COMMON } from "../words/common.js";
import { SHORTCUTS } from "../words/shortcuts.js";
import { byId, el, fill, part } from "./dom.js";
import { SIDE_BY_SIDE } from "../words/side_by_side.js";

/** @type {readonly (readonly [place: string, ...keys: (readonly [keys: string | readonly string[], does: string])[]])[]} By the place where they mean it. */
const SHEET = [
	[
		SHORTCUTS.everywhere,
		["i", SHORTCUTS.statistics],
		["p", SHORTCUTS.holdList],
		["t", SHORTCUTS.theme],
		["?", SHORTCUTS.title],
		[SHORTCUTS.esc, SHORTCUTS.close],
	],
	[
		SHORTCUTS.jobs,
		[SHORTCUTS.ctrlEnter, SHORTCUTS.queueJob],
		["n", SHORTCUTS.newJob],
		["/", SHORTCUTS.searchJobs],
		["f", SHORTCUTS.filterJobs],
		["g", SHORTCUTS.galleryOrList],
		[["j", "k"], SHORTCUTS.nextJob],
		[SHORTCUTS.enter, SHORTCUTS.openJob],
	],
	[
		SHORTCUTS.oneJob,
		["c", COMMON.cancelJob],
		["r", SHORTCUTS.retryJob],
		["u", SHORTCUTS.reuseJob],
		[["l", "x"], SHORTCUTS.likeResult],
		["b", SIDE_BY_SIDE.shortcut],
		["+", COMMON.goodPrompt],
		["-", COMMON.badPrompt],
	],
	[
		SHORTCUTS.selecting,
		["X", SHORTCUTS.select],
		[["J", "K"], SHORTCUTS.selectOn],
	],
	[
		SHORTCUTS.gallery,
		[SHORTCUTS.arrows, SHORTCUTS.tiles],
		[SHORTCUTS.space, SHORTCUTS.selectTile],
		["a", SHORTCUTS.collect],
		["< >", SHORTCUTS.moveInCollection],
	],
	[
		SHORTCUTS.batchTable,
		[SHORTCUTS.arrows, SHORTCUTS.cells],
		[SHORTCUTS.homeEnd, SHORTCUTS.cellEnds],
		[SHORTCUTS.enterOrF2, SHORTCUTS.editCell],
		[SHORTCUTS.enterOrTab, SHORTCUTS.nextCell],
		[SHORTCUTS.delete, SHORTCUTS.clearCells],
		[SHORTCUTS.ctrlCV, SHORTCUTS.copyCells],
		[SHORTCUTS.ctrlZY, SHORTCUTS.undoTable],
		[SHORTCUTS.ctrlA, SHORTCUTS.selectTable],
		["F8", SHORTCUTS.nextFault],
		[SHORTCUTS.ctrlEnter, SHORTCUTS.queueBatch],
	],
	[
		SHORTCUTS.proposed,
		[SHORTCUTS.space, SHORTCUTS.choosePrompt],
		["e", SHORTCUTS.editPrompt],
		["a", SHORTCUTS.chooseAllPrompts],
		["↓ ↑", SHORTCUTS.nextPrompt],
	],
	[
		SHORTCUTS.viewer,
		["← →", SHORTCUTS.viewerStep],
		["↑ ↓", SHORTCUTS.viewerJob],
		["+ -", SHORTCUTS.viewerZoom],
		[["l", "x"], SHORTCUTS.likeResult],
		["a", SHORTCUTS.viewerCollect],
		["c", SHORTCUTS.compareNext],
		["b", SHORTCUTS.compareInput],
		["v", SHORTCUTS.viewerShape],
		["i", SHORTCUTS.viewerRecipe],
		["o", SHORTCUTS.viewerOpen],
		["d", SHORTCUTS.viewerDownload],
		[SHORTCUTS.space, SHORTCUTS.viewerPlay],
	],
];

export function showShortcuts() {
	const dialog = byId("shortcuts-dialog", HTMLDialogElement);
	fill(
		part(dialog, ".shortcuts"),
		SHEET.map(([place, ...lines]) => el("section", el("h3", place), el("dl", lines.map(([keys, does]) => el("div", el("dt", ...[keys].flat().flatMap((one) => one.split(" ")).map((key) => el("kbd", key))), el("dd", does)))))),
	);
	// Some browsers throw if it is opened twice.
	if (!dialog.open) dialog.showModal();
}
