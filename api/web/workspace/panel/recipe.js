// The whole recipe of an output: each row can be copied, and used again alone.

import { el, fill, iconButton, pictureOf, safeAddress } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { copyText } from "../core/notices.js";
import { addStyles } from "../core/styles.js";
import { fillForm, formNow } from "../form/fill.js";
import { COMMON } from "../words/common.js";
import { PANEL } from "../words/panel.js";
import { recipeGroups } from "./recipe_rows.js";

/** @import { Job, Timeline } from "../../types/page.js" */
/** @import { Row } from "./recipe_rows.js" */

/** As the API takes it; it is copied so. */
const SIZE = /^(\d+)\*(\d+)$/;

/** Resolves once the recipe's looks apply. */
export const styled = addStyles("recipe.css");

/**
 * Return the recipe's element.
 *
 * @param {Job} job
 * @param {number} [index] Of the output.
 * @param {Timeline | null} [timeline] The job's, for the time by stage.
 * @returns {HTMLElement}
 */
export function recipeOf(job, index = 0, timeline = null) {
	const models = formNow()?.models;
	const place = el("div.recipe");
	const show = () => {
		const groups = recipeGroups(job, index, timeline, { seed: models?.get(job.model)?.seed, fields: models?.inputs.get(job.model) });
		fill(place, ...groups.map(({ title, rows }) => el("section.recipe-group", el("h3", title), el("dl.recipe-rows", ...rows.map(rowOf)))));
	};
	show();
	// The model's own words for its inputs come later.
	if (models && !models.inputs.has(job.model)) models.describe(job.model).then(show);
	return place;
}

/** @param {Row} row */
function rowOf(row) {
	const { id, name, text, note, use } = row;
	const again = use && iconButton("reuse", PANEL.useAgain(name), () => fillForm(PANEL.nowInForm(name), use), PANEL.useAgainTitle(name.toLowerCase()));
	const copy = iconButton("copy", PANEL.copy(name), () => copyText(text, name), COMMON.copy);
	const acts = el("dd.recipe-acts", again || null, copy);
	return el("div.recipe-row", { "data-row": id, "data-look": row.look }, el("dt", name, note && el("span.quiet", ` ${note}`)), el("dd", shownText(row)), acts);
}

/** @param {Row} row */
function shownText({ look, text }) {
	if (look === "prose") return el("p.prose", text);
	if (look === "code") return el("code", text);
	if (look === "pictures") return el("div.recipe-pictures", ...text.split("\n").map(pictureLink));
	return text.replace(SIZE, "$1 × $2");
}

/**
 * @param {string} url
 * @param {number} index
 */
function pictureLink(url, index) {
	const address = safeAddress(url);
	const link = el("a.thumb", { href: address, target: "_blank", rel: "noreferrer noopener", referrerpolicy: "no-referrer", title: url, "aria-label": PANEL.inputPicture(index + 1) });
	if (address) link.append(pictureOf(address, "", () => fill(link, icon("image")), { loading: "lazy" }));
	return link;
}
